"""Addresses of this site's pages, as a path and whole.

Whole ones are made from SITE_URL alone. A request's Host header is only a visitor's word: it never
enters a page, a feed or a mail.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.encoding import iri_to_uri

# Addresses that are remembered: making one takes longer than looking its row up.
MOST = 4_000


@lru_cache(MOST)
def path_of(page: str, *args: Any) -> str:
    """The path of a page by its name: Django's reverse(), which forgets."""
    return reverse(page, args=args)


def absolute(address: str) -> str:
    """The whole address of a path on this site. What is whole already stays as it is."""
    return _joined(settings.SITE_URL, address)


@lru_cache(MOST)
def _joined(site: str, address: str) -> str:
    return iri_to_uri(urljoin(f"{site}/", address))


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
