"""Atom, RSS and JSON Feed, each with the whole text beside the summary."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext

# An empty feed must not change with every request, so it is as old as can be.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 cannot hold (its section 2.2): no byte of a longer character is one of these.
CONTROLS = bytes({*range(32)} - {*b"\t\n\r"})
# Under their own names Chromium shows both as source. Feed readers go by what is inside; the links
# that lead to a feed still say which format it is.
XML = "application/xml; charset=utf-8"


@dataclass
class Person:
    name: str
    address: str


@dataclass
class Picture:
    address: str
    alt: str
    width: int | None
    height: int | None
    type: str = "image/webp"


@dataclass
class Entry:
    title: str
    address: str
    # Stays the same when the address changes.
    identity: str
    published_at: datetime
    updated_at: datetime
    summary: str
    html: str
    author: Person | None = None
    categories: list[str] = field(default_factory=list)
    # Where it is another than the feed's.
    language: str = ""
    picture: Picture | None = None


@dataclass
class Feed:
    title: str
    description: str
    author: str
    language: str
    # The page that it belongs to, and where it lives itself.
    page: str
    address: str
    icon: str
    entries: list[Entry]

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=LONG_AGO)


@dataclass(frozen=True)
class Format:
    # Where a feed of this format lives, below the page that it belongs to.
    suffix: str
    content_type: str
    write: Callable[[Feed], bytes]

    def answer(self, feed: Feed) -> HttpResponse:
        """It says no Last-Modified.

        A post that is taken back makes the newest date older: by date alone a reader would be told
        that nothing changed. The ETag of the bytes tells the truth.
        """
        return HttpResponse(self.write(feed), content_type=self.content_type)


def atom(feed: Feed) -> bytes:
    """RFC 4287, with pictures by https://www.rssboard.org/media-rss"""
    return _xml("feeds/atom.xml", feed)


def rss(feed: Feed) -> bytes:
    """RSS 2.0, https://www.rssboard.org/rss-specification"""
    return _xml("feeds/rss.xml", feed)


def _xml(template: str, feed: Feed) -> bytes:
    note = gettext(
        "This is a feed. Copy its address into a feed reader, and new texts come to you:"
    )
    back = gettext("Back to “%(page)s”") % {"page": feed.title}
    text = render_to_string(template, {"feed": feed, "note": note, "back": back})
    return text.encode().translate(None, CONTROLS)


def json_feed(feed: Feed) -> bytes:
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/"""
    written = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.description,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "favicon": feed.icon,
        "language": feed.language,
    }
    items = [_item(entry) for entry in feed.entries]
    return json.dumps(_filled(written) | {"items": items}, ensure_ascii=False).encode()


def _item(entry: Entry) -> dict[str, Any]:
    author, picture = entry.author, entry.picture
    written = {
        "id": entry.identity,
        "url": entry.address,
        "title": entry.title,
        "summary": entry.summary,
        "image": picture and picture.address,
        "attachments": picture and [{"url": picture.address, "mime_type": picture.type}],
        "date_published": entry.published_at.isoformat(),
        "date_modified": entry.updated_at.isoformat(),
        "authors": author and [{"name": author.name, "url": author.address}],
        "tags": entry.categories,
        "language": entry.language,
    }
    # An empty text is one too.
    return _filled(written) | {"content_html": entry.html}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON Feed has no empty fields; what is unknown is left out."""
    return {key: value for key, value in fields.items() if value}


ATOM = Format("feed/", XML, atom)
RSS = Format("feed/rss/", XML, rss)
JSON = Format("feed.json", "application/feed+json; charset=utf-8", json_feed)
