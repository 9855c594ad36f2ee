"""Asking a WSGI application, as a web server would."""

import io
import sys
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(application, path="/", query="", method="GET", **environ) -> Answer:
    """`environ` has headers as HTTP_…"""
    said = []
    request = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "blog.example.com",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    } | environ
    parts = application(request, lambda status, headers, *fault: said.append((status, headers)))
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    status, headers = said[-1]
    return Answer(int(status.split()[0]), {n.lower(): text for n, text in headers}, body)


def send(application, path, form, **environ) -> Answer:
    """A form, sent from a page of the site itself."""
    body = urlencode(form).encode()
    said = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "HTTP_ORIGIN": settings.SITE_URL,
        "HTTP_SEC_FETCH_SITE": "same-origin",
    }
    return ask(application, path, method="POST", **said | environ)
