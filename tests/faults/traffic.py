"""Visitors of a site who do not pause, and what they were answered."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.rig import Desk, Site

PAGES = [
    "/",
    "/posts/by-the-sea/",
    "/categories/",
    "/archive/",
    "/feed/",
    "/newsletter/",
    "/terms/",
]
FORM = {
    "Content_Type": "application/x-www-form-urlencoded",
    "Sec_Fetch_Site": "same-origin",
}
POST = "Post(title={0!r}, slug={1!r}, status='published').save()"
TOKENS = "[*Subscriber.objects.order_by('pk').values_list('token', flat=True)[:1000]]"


def open_shop(site: Site) -> None:
    """What the pages below are about."""
    site.ask(POST.format("By the sea", "by-the-sea"))


def sign_up(site: Site, who: str) -> int:
    form = f"email={who}%40example.com&agreed_to_terms=on&terms_version=1"
    return site.server.request("POST", "/newsletter/subscribe/", form, **FORM).status


def leave(site: Site, token: str) -> int:
    path = f"/newsletter/unsubscribe/{token}/"
    return site.server.request("POST", path, "List-Unsubscribe=One-Click", **FORM).status


@dataclass
class Traffic:
    """A visitor reads, readers come and go, an author saves posts; each one after the other."""

    site: Site
    answers: Counter[tuple[str, object]] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        for page in itertools.cycle(PAGES):
            self.note("read", lambda page=page: self.site.server.get(page).status)
            if self.ended.wait(0.01):
                return

    def come_and_go(self, tokens: list[str]) -> None:
        for number, token in enumerate(tokens):
            self.note("sign up", lambda number=number: sign_up(self.site, f"guest{number}"))
            self.note("leave", lambda token=token: leave(self.site, token))
            if self.ended.wait(0.05):
                return

    def write(self, desk: Desk) -> None:
        for number in itertools.count():
            saved = POST.format(f"Post {number}", f"post-{number}")
            self.note("write", lambda saved=saved: desk.ask(saved))
            if self.ended.wait(0.1):
                return

    def note(self, what: str, act: Callable[[], object]) -> None:
        began = time.monotonic()
        try:
            answer = act()
        except Exception as fault:
            answer = str(fault)
        self.answers[what, answer] += 1
        self.longest[what] = max(self.longest.get(what, 0), time.monotonic() - began)


@contextmanager
def traffic(site: Site) -> Iterator[Traffic]:
    """Until the end of the block; the site is one that serves."""
    visitors, tokens = Traffic(site), site.ask(TOKENS)
    with Desk(site.environment, site.root) as desk:
        threads = [
            threading.Thread(target=visitors.read),
            threading.Thread(target=visitors.come_and_go, args=[tokens]),
            threading.Thread(target=visitors.write, args=[desk]),
        ]
        for thread in threads:
            thread.start()
        try:
            yield visitors
        finally:
            visitors.ended.set()
            for thread in threads:
                thread.join()
