"""Whole addresses, made from SITE_URL alone.

A request's Host header is only a visitor's word: it never enters a page, a feed or a mail.
"""

from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri


def absolute(address: str) -> str:
    """The whole address of a path on this site. What is whole already stays as it is."""
    return iri_to_uri(urljoin(f"{settings.SITE_URL}/", address))


def own_path(address: str) -> str | None:
    """The path that a browser asks this site for when it follows `address`, as a request has it.

    None where that leads to another site, or nowhere.
    """
    own = urlsplit(settings.SITE_URL)
    try:
        parts = urlsplit(address)
        elsewhere = parts.netloc and (parts.hostname, parts.port) != (own.hostname, own.port)
    except ValueError:
        return None
    return None if elsewhere else unquote(parts.path) or "/"
