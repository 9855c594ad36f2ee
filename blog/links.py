"""Whole addresses, made from SITE_URL alone.

A request's Host header is only a visitor's word: it never enters a page, a feed or a mail.
"""

from urllib.parse import urljoin

from django.conf import settings
from django.utils.encoding import iri_to_uri


def absolute(address: str) -> str:
    """The whole address of a path on this site. What is whole already stays as it is."""
    return iri_to_uri(urljoin(f"{settings.SITE_URL}/", address))
