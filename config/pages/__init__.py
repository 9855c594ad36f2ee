"""Public pages out of memory, before Django is asked. docs/pages.md tells the whole story."""

import threading
from contextlib import nullcontext
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import get_path_info
from django.http import Http404, QueryDict
from django.http.request import split_domain_port, validate_host
from django.urls import ResolverMatch, resolve

from blog import shared
from blog.cache import only
from blog.freshness import Current, Freshness
from config.pages.page import Answer, Environ, Page, Said, Site, StartResponse
from config.pages.shelf import Place, Shelf
from config.pages.site import PUBLIC
from config.proxies import Proxies

# Characters of an address up to which it is remembered what it asks for.
SHORT = 2_000
# Pages that a process makes at the same time. To make one is Python, of which one thread runs at a
# time; the second goes on while the first waits for the database. More would only get into each
# other's way, and take the seats of those who write.
AT_ONCE = 2
# Headers of a request that a public page must know nothing of.
OWN = ("HTTP_COOKIE", "HTTP_IF_", "HTTP_FORWARDED", "HTTP_X_FORWARDED_")


class Asked(NamedTuple):
    """A request for a public page: what is left of its query, and what makes the page."""

    query: str
    made_by: ResolverMatch

    @property
    def is_kept(self) -> bool:
        return self.made_by.func.kept  # type: ignore[attr-defined,no-any-return]


class Making:
    """One page being made, and how many want it."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.wanted_by = 0
        # Set where it turned out that there is nothing to share: no such page, or a fault.
        self.is_in_vain = False


class Pages:
    """WSGI: public pages from a shelf of `room` bytes, everything else from the site behind it."""

    def __init__(self, site: Site, room: int, proxies: Proxies) -> None:
        self.site = site
        self.proxies = proxies
        self.shelf = Shelf(room)
        self.freshness = Freshness()
        self.making: dict[Place, Making] = {}
        self.turns = threading.BoundedSemaphore(AT_ONCE)
        self.counting = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Answer:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._done(environ, start_response, path)
        is_short = len(path) + len(query) <= SHORT
        asked = (what_is_asked if is_short else what_is_asked.__wrapped__)(path, query)
        if asked is None:
            return self.site(environ, start_response)
        return self._page(environ, path, asked).answer(environ, start_response)

    def _done(self, environ: Environ, start_response: StartResponse, path: str) -> Answer:
        current = self.freshness.current() if len(path) <= SHORT and is_busy(path) else None
        with shared.within(current):
            return self.site(environ, start_response)

    def _page(self, environ: Environ, path: str, asked: Asked) -> Page | Said:
        current = self.freshness.current() if is_ours(environ.get("HTTP_HOST", "")) else None
        if current is None or not (asked.is_kept and self.shelf.room):
            return self._made(environ, asked, current)
        place = self.proxies.say_https(environ), path, asked.query
        return self.shelf.get(place, current) or self._made_once(environ, asked, place, current)

    def _made_once(
        self, environ: Environ, asked: Asked, place: Place, current: Current
    ) -> Page | Said:
        """The page, from whoever makes it first; the others wait for it."""
        with self.counting:
            making = self.making.setdefault(place, Making())
            making.wanted_by += 1
        try:
            with making.turn:
                if page := self.shelf.get(place, current):
                    return page
                if not making.is_in_vain:
                    made = self._made(environ, asked, current, is_kept=True)
                    if isinstance(made, Page):
                        self.shelf.put(place, made)
                    else:
                        making.is_in_vain = True
                    return made
            return self._made(environ, asked, current)
        finally:
            with self.counting:
                making.wanted_by -= 1
                if not making.wanted_by:
                    self.making.pop(place, None)

    def _made(
        self, environ: Environ, asked: Asked, current: Current | None, *, is_kept: bool = False
    ) -> Page | Said:
        """Asked of the site as a GET with nothing in it that is one reader's own.

        Conditions are for the page to answer, which is made whole.
        """
        anybodys = {name: value for name, value in environ.items() if not name.startswith(OWN)}
        anybodys["REQUEST_METHOD"] = "GET"
        if self.proxies.say_https(environ):
            anybodys["wsgi.url_scheme"] = "https"
        # Who has to come by HTTPS and did not is told so by the whole site.
        if current and (anybodys["wsgi.url_scheme"] == "https" or not settings.SECURE_SSL_REDIRECT):
            anybodys |= {PUBLIC: asked.made_by, "QUERY_STRING": asked.query}
        # While the database is away each waits some seconds for an error, all of them together.
        with shared.within(current), self.turns if current else nullcontext():
            said = Said.by(self.site, anybodys)
        return Page(said, current if is_kept else None) if said.is_a_page else said


@lru_cache(256)
def is_ours(host: str) -> bool:
    """As Django decides it; whoever asks for another name is told so by Django."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


@lru_cache(1024)
def is_busy(path: str) -> bool:
    """Whether many send a form there, for whom all is the same but what they write."""
    try:
        return getattr(resolve(get_path_info({"PATH_INFO": path})).func, "is_busy", False)
    except Http404:
        return False


@lru_cache(1024)
def what_is_asked(path: str, query: str) -> Asked | None:
    """None where it is not for a public page."""
    try:
        found = resolve(get_path_info({"PATH_INFO": path}))
        if not getattr(found.func, "is_public", False):
            return None
        return Asked(only(found.func.params, QueryDict(query)).urlencode(), found)  # type: ignore[attr-defined]
    except (Http404, SuspiciousOperation):
        return None
