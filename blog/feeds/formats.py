"""Atom, RSS and JSON Feed, each with the whole text beside the summary."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from xml.sax.xmlreader import AttributesImpl

from django.http import HttpResponse
from django.templatetags.static import static
from django.utils.feedgenerator import (
    Atom1Feed,
    Rss201rev2Feed,
    Stylesheet,
    SyndicationFeed,
    rfc3339_date,
)
from django.utils.translation import gettext
from django.utils.xmlutils import SimplerXMLGenerator

# An empty feed must not change with every request, so it is as old as can be.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# https://www.rssboard.org/media-rss
MEDIA = "http://search.yahoo.com/mrss/"
XHTML = "http://www.w3.org/1999/xhtml"


@dataclass
class Picture:
    url: str
    alt: str
    width: int | None
    height: int | None


class FullText(SyndicationFeed):
    """A format that carries `html`, the whole text, beside the summary."""

    content_type: ClassVar[str]
    suffix: ClassVar[str]  # where the feed lives, below the page that it belongs to

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else LONG_AGO

    def answer(self) -> HttpResponse:
        return HttpResponse(self.writeString("utf-8"), content_type=self.content_type)


class Xml(FullText):
    """What Atom and RSS have in common, which a browser shows by a stylesheet."""

    # Under their own names Chromium shows both as source. Feed readers go by what is inside; the
    # links that lead here still say which format it is.
    content_type = "application/xml; charset=utf-8"

    def add_stylesheets(self, handler: SimplerXMLGenerator) -> None:
        sheet = Stylesheet(static("blog/feed.css"), mimetype="text/css", media="all")
        handler.processingInstruction("xml-stylesheet", str(sheet))

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        super().add_root_elements(handler)
        self.add_note(handler)

    def add_note(self, handler: SimplerXMLGenerator) -> None:
        """A line for whoever opens the feed in a browser. Feed readers skip foreign elements."""
        handler.startElement("p", AttributesImpl({"xmlns": XHTML}))
        handler.characters(
            gettext(
                "This is a feed. Copy its address into a feed reader, and new texts come to you:"
            )
        )
        handler.characters(" ")
        handler.addQuickElement("a", self.feed["feed_url"], {"href": self.feed["feed_url"]})
        back = gettext("Back to “%(page)s”") % {"page": self.feed["title"]}
        handler.addQuickElement("a", back, {"href": self.feed["link"]})
        handler.endElement("p")

    def add_picture(self, handler: SimplerXMLGenerator, picture: Picture) -> None:
        attributes = {"url": picture.url, "medium": "image"}
        if picture.width:
            attributes |= {"width": str(picture.width), "height": str(picture.height)}
        handler.startElement("media:content", AttributesImpl(attributes))
        if picture.alt:
            handler.addQuickElement("media:description", picture.alt, {"type": "plain"})
        handler.endElement("media:content")


class Atom(Xml, Atom1Feed):
    suffix = "feed/"

    def write(self, outfile: Any, encoding: str) -> None:
        """Django's own knows stylesheets for RSS only."""
        handler = SimplerXMLGenerator(outfile, encoding, short_empty_elements=True)
        handler.startDocument()
        self.add_stylesheets(handler)
        handler.startElement("feed", AttributesImpl(self.root_attributes()))
        self.add_root_elements(handler)
        self.write_items(handler)
        handler.endElement("feed")

    def root_attributes(self) -> dict[str, str]:
        return super().root_attributes() | {"xmlns:media": MEDIA}

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        super().add_root_elements(handler)
        if icon := self.feed.get("icon"):
            handler.addQuickElement("icon", icon)

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        own = {"xml:lang": item["language"]} if item.get("language") else {}
        return super().item_attributes(item) | own

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if picture := item.get("picture"):
            self.add_picture(handler, picture)
        handler.addQuickElement("content", item["html"], {"type": "html"})


class Rss(Xml, Rss201rev2Feed):
    suffix = "feed/rss/"

    def rss_attributes(self) -> dict[str, str]:
        names = {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
            "xmlns:media": MEDIA,
        }
        return super().rss_attributes() | names

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item.get("language"):
            handler.addQuickElement("dc:language", item["language"])
        if picture := item.get("picture"):
            self.add_picture(handler, picture)
        handler.addQuickElement("content:encoded", item["html"])
        handler.addQuickElement("atom:updated", rfc3339_date(item["updateddate"]))


class Json(FullText):
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/"""

    content_type = "application/feed+json; charset=utf-8"
    suffix = "feed.json"

    def write(self, outfile: Any, encoding: str) -> None:
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.feed["title"],
            "description": self.feed["description"],
            "home_page_url": self.feed["link"],
            "feed_url": self.feed["feed_url"],
            "favicon": self.feed.get("icon"),
            "language": self.feed["language"],
            "items": [self._item(item) for item in self.items],
        }
        outfile.write(json.dumps(_filled(feed), ensure_ascii=False))

    def _item(self, item: dict[str, Any]) -> dict[str, Any]:
        author = {"name": item["author_name"], "url": item["author_link"]}
        found = {
            "id": item["unique_id"],
            "url": item["link"],
            "title": item["title"],
            "summary": item["summary"],
            "content_html": item["html"],
            "image": next((enclosure.url for enclosure in item["enclosures"]), ""),
            "attachments": [
                {"url": enclosure.url, "mime_type": enclosure.mime_type}
                for enclosure in item["enclosures"]
            ],
            "date_published": rfc3339_date(item["pubdate"]),
            "date_modified": rfc3339_date(item["updateddate"]),
            "authors": [_filled(author)] if item["author_name"] else [],
            "tags": item["categories"],
            "language": item.get("language"),
        }
        return _filled(found) | {"content_html": item["html"]}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON Feed has no empty fields; what is unknown is left out. `items` must be there."""
    return {key: value for key, value in fields.items() if value or key == "items"}
