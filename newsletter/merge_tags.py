"""Merge tags: the few words of an issue that are another for each reader.

No template language: a tag is one of three names. A writer types `{{ email }}`, or
`{{ email|you }}` with the words that stand there on the web, where no reader is known. Stored HTML
and frozen mails hold a place of plain letters instead, which Markdown, HTML and addresses all leave
as it is.
"""

import re
from html import escape, unescape

from django.urls import reverse
from django.utils.translation import gettext

from blog.links import absolute

EMAIL_PLACE = "pennypost0email0goes0here"
TOKEN_PLACE = "pennypost0token0goes0here"  # noqa: S105 (no token, but where one will stand)
# Behind the first may stand the words for everybody, as the digits of their bytes.
PLACES = re.compile(f"({EMAIL_PLACE}(?:0or0[0-9a-f]+x)?|{TOKEN_PLACE})")

NAMES = ("email", "unsubscribe_url", "preferences_url")
_TAG = re.compile(r"\{\{\s*([^{}\n]*?)\s*\}\}")
_WITH_FALLBACK = re.compile(r"email\s*\|\s*(\S[^|]*)")
# Who writes about templates quotes tags that are not meant for us.
_CODE = re.compile(r"<code\b.*?</code>", re.DOTALL)


def to_places(source: str) -> str:
    """Markdown with each known tag turned into its place; an unknown one stays as it was typed."""
    if "{{" not in source:
        return source
    places = {"email": EMAIL_PLACE, "unsubscribe_url": unsubscribe(), "preferences_url": choose()}

    def place(tag: re.Match[str]) -> str:
        if found := _WITH_FALLBACK.fullmatch(tag[1]):
            return f"{EMAIL_PLACE}0or0{found[1].encode().hex()}x"
        return places.get(tag[1], tag[0])

    return _TAG.sub(place, source)


def unknown(html: str) -> list[str]:
    """The tags in stored HTML that nobody will replace, each once."""
    return list(dict.fromkeys(unescape(tag[0]) for tag in _TAG.finditer(_CODE.sub("", html))))


def for_reader(text: str, *, email: str, token: str) -> str:
    """What one reader gets. In HTML the address must have been escaped."""
    return PLACES.sub(lambda place: token if place[0] == TOKEN_PLACE else email, text)


def for_everybody(html: str) -> str:
    """The HTML as a page on the web may show it: no address, no token."""
    page = absolute(reverse("newsletter:home"))
    for link in (unsubscribe(), choose()):
        html = html.replace(link, page)
    return PLACES.sub(lambda place: escape(_fallback(place[0])), html)


def _fallback(place: str) -> str:
    if place == TOKEN_PLACE:
        return ""
    digits = place.removesuffix("x").partition("0or0")[2]
    return bytes.fromhex(digits).decode(errors="replace") if digits else gettext("your address")


def unsubscribe() -> str:
    return absolute(reverse("newsletter:unsubscribe", args=[TOKEN_PLACE]))


def choose() -> str:
    return absolute(reverse("newsletter:preferences", args=[TOKEN_PLACE]))
