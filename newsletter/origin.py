"""Proof that a form was sent from one of our own pages, without a cookie or a token in the page.

Public pages are the same bytes for everyone, so they cannot carry a CSRF token. The browser says
instead where a request comes from, and no page of another site can make it lie:
Sec-Fetch-Site (W3C Fetch Metadata), or where a browser is too old for it, Origin (RFC 6454).
"""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]
PORTS = {"http": 80, "https": 443}


def same_origin(view: View) -> View:
    """Let a POST through only from our own pages; others get 403 and a page that says why."""

    @csrf_exempt
    @wraps(view)
    def proven(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "POST" and not is_from_our_pages(request):
            return render(request, "newsletter/not_from_here.html", status=403)
        return view(request, *args, **kwargs)

    return proven


def is_from_our_pages(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return is_our_origin(request.headers.get("Origin", ""))


def is_our_origin(origin: str) -> bool:
    """Whether `origin` is that of SITE_URL; under DEBUG any loopback host will do."""
    try:
        parts = urlsplit(origin)
        theirs = _origin(parts)
    except ValueError:
        return False
    if settings.DEBUG and parts.scheme in PORTS and _is_loopback(parts.hostname or ""):
        return True
    return theirs == _origin(urlsplit(settings.SITE_URL))


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
