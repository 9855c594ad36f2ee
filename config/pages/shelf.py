"""Where a process keeps its pages."""

import threading
from collections import OrderedDict
from contextlib import suppress

from blog.freshness import Current
from config.pages.page import Page

# What tells one page from another: whether the reader came by HTTPS (which decides about
# Strict-Transport-Security), path, query.
type Place = tuple[bool, str, str]


class Shelf:
    """Pages up to a number of bytes; the one asked for longest ago makes room."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = 0
        self.pages: OrderedDict[Place, Page] = OrderedDict()
        self.changing = threading.Lock()

    def get(self, place: Place, current: Current) -> Page | None:
        """The page, if it is of this edition."""
        page = self.pages.get(place)
        if page is None or page.current is not current:
            return None
        with suppress(KeyError):  # it may have to make room in this moment
            self.pages.move_to_end(place)
        return page

    def put(self, place: Place, page: Page) -> None:
        with self.changing:
            if place in self.pages:
                self._drop(place)
            if page.weight > self.room:
                return
            self.pages[place] = page
            self.taken += page.weight
            while self.taken > self.room:
                self._drop(next(iter(self.pages)))

    def _drop(self, place: Place) -> None:
        self.taken -= self.pages.pop(place).weight
