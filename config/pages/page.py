"""What the site said to one request, kept so that it can be said to others."""

import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from hashlib import sha256
from typing import Any, NamedTuple, Self

from django.utils.http import parse_http_date_safe

from blog.freshness import Current
from config.pages import codings

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]
Answer = Iterable[bytes]
Site = Callable[[Environ, StartResponse], Answer]

# What a page says for itself, whatever was said when it was made. No name of a request: whoever is
# answered from memory leaves no line in a log.
OWN = {"content-length", "etag", "last-modified", "x-request-id", "vary"}


class Said(NamedTuple):
    """An answer of the site."""

    status: str
    headers: Headers
    body: bytes

    @classmethod
    def by(cls, site: Site, environ: Environ) -> Self:
        began: list[tuple[str, Headers]] = []
        parts = site(environ, lambda status, headers, *fault: began.append((status, headers)))
        try:
            body = b"".join(parts)
        finally:
            # Django ends the request here, and gives its database connection back.
            getattr(parts, "close", lambda: None)()
        return cls(*began[-1], body)

    @property
    def is_a_page(self) -> bool:
        headers = {name.lower(): text for name, text in self.headers}
        is_anybodys = "no-store" not in headers.get("cache-control", "")
        is_plain = not headers.keys() & {"set-cookie", "content-encoding"}
        return self.status == "200 OK" and is_anybodys and is_plain

    def answer(self, environ: Environ, start_response: StartResponse) -> Answer:
        start_response(self.status, self.headers)
        return [self.body] if environ["REQUEST_METHOD"] == "GET" else []


class Page:
    """A page in every form in which it may be handed out. `current` is when it was made, if kept.

    What happens for each reader is counted in microseconds; all else happens once.
    """

    def __init__(self, said: Said, current: Current | None) -> None:
        self.current = current
        self.body = said.body
        self.headers = [item for item in said.headers if item[0].lower() not in OWN]
        content_type = {name.lower(): text for name, text in said.headers}["content-type"]
        self.is_coded = codings.is_worth_it(content_type, said.body)
        if self.is_coded:
            self.headers.append(("Vary", "Accept-Encoding"))
        # Weak, since it is the same for every coding (RFC 9110 section 8.8.1).
        # Today's processors have SHA-256 built in.
        self.tag = f'"{sha256(said.body).hexdigest()[:24]}"'
        self.headers.append(("ETag", f"W/{self.tag}"))
        self.changed_at = int(current.since) + 2 if current else None
        self.is_dated = False
        self.forms: dict[str, tuple[Headers, bytes]] = {}

    @property
    def weight(self) -> int:
        """The bytes that it takes in memory: itself, and at most as much in its codings."""
        return 2 * len(self.body) + 2_000

    def answer(self, environ: Environ, start_response: StartResponse) -> Answer:
        if not self.is_dated and self.changed_at and time.time() >= self.changed_at:
            self._date()
        if self._is_known_to(environ):
            start_response("304 Not Modified", [*self.headers])
            return []
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        headers, body = self._in(codings.best(accepted) if self.is_coded else "")
        start_response("200 OK", [*headers])
        return [body] if environ["REQUEST_METHOD"] == "GET" else []

    def _date(self) -> None:
        """Say since when it is so, once no later page can have the same date."""
        self.headers = [*self.headers, ("Last-Modified", formatdate(self.changed_at, usegmt=True))]
        self.forms = {}
        self.is_dated = True

    def _in(self, coding: str) -> tuple[Headers, bytes]:
        forms = self.forms
        form = forms.get(coding)
        if form is None:
            body = codings.CODINGS[coding](self.body) if coding else self.body
            headers = [*self.headers, ("Content-Length", str(len(body)))]
            if coding:
                headers.append(("Content-Encoding", coding))
            form = forms[coding] = headers, body
        return form

    def _is_known_to(self, environ: Environ) -> bool:
        """RFC 9110 section 13.2.2: where there is a tag, the date is not asked."""
        if "HTTP_IF_NONE_MATCH" in environ:
            tags = environ["HTTP_IF_NONE_MATCH"]
            # Compared weakly, as for every GET: with or without a W/.
            return self.tag in tags or tags.strip() == "*"
        if "HTTP_IF_MODIFIED_SINCE" in environ and self.is_dated:
            known = parse_http_date_safe(environ["HTTP_IF_MODIFIED_SINCE"])
            return known is not None and known >= self.changed_at  # type: ignore[operator]
        return False
