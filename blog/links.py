"""Whole addresses, made from SITE_URL alone.

A request's Host header is only a visitor's word: it never enters a page, a feed or a mail.
"""

import re
from html import escape, unescape
from urllib.parse import urljoin

from django.conf import settings
from django.utils.encoding import iri_to_uri

# Stored HTML comes from the sanitiser: every attribute is in double quotes, and a "<" that starts
# no tag is written "&lt;". That is what makes these two expressions enough.
TAG = re.compile(r'<[a-z][^"<>]*(?:"[^"]*"[^"<>]*)*>')
ADDRESS = re.compile(r' (href|src)="([^"]*)"')


def absolute(address: str) -> str:
    """The whole address of a path on this site. What is whole already stays as it is."""
    return iri_to_uri(urljoin(f"{settings.SITE_URL}/", address))


def absolute_html(html: str, path: str) -> str:
    """The same clean HTML with whole addresses, for readers who see it away from its page.

    `path` is where the text lives: links inside the text (`#notes`) lead to that page.
    """
    base = absolute(path)

    def whole(match: re.Match[str]) -> str:
        name, value = match.groups()
        return f' {name}="{escape(urljoin(base, unescape(value)))}"'

    return TAG.sub(lambda tag: ADDRESS.sub(whole, tag.group()), html)
