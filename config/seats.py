"""Slow clients wait outside: the site only sees requests that have arrived whole."""

import threading
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from blog.images import MAX_REQUEST

Environ = dict[str, Any]
Site = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Bodies longer than this wait on disk.
IN_MEMORY = 100_000
CHUNK = 65_536


class Seats:
    """WSGI: as many requests at a time as there are seats, each with its body complete.

    Whoever sends a body drop by drop, by design or over a bad line, holds one of the server's
    many threads meanwhile, which do nothing else. If those were the few that make the pages, some
    dozens of such clients would take the site down.
    """

    def __init__(self, site: Site, seats: int) -> None:
        self.site = site
        self.free = threading.BoundedSemaphore(seats)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = promised_length(environ)
        if not 0 < length <= MAX_REQUEST:
            # Nothing to wait for, or more than any form may send: that is refused unread.
            return self.answer(environ, start_response)
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            if not receive(environ["wsgi.input"], length, body):
                start_response("400 Bad Request", [("Content-Length", "0")])
                return []
            body.seek(0)
            return self.answer(environ | {"wsgi.input": body}, start_response)

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self.free:
            return self.site(environ, start_response)


def promised_length(environ: Environ) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def receive(source: Any, length: int, body: Any) -> bool:
    """Read the whole body; False where the client left before its end."""
    while length:
        try:
            chunk = source.read(min(CHUNK, length))
        except OSError:
            return False
        if not chunk:
            return False
        body.write(chunk)
        length -= len(chunk)
    return True
