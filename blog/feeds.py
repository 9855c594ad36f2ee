"""The newest posts in full, as Atom, RSS and JSON Feed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import (
    Atom1Feed,
    Enclosure,
    Rss201rev2Feed,
    SyndicationFeed,
    rfc3339_date,
)
from django.utils.html import escape
from django.utils.xmlutils import SimplerXMLGenerator

from blog import markdown
from blog.links import absolute
from blog.models import Author, Category, Post, Site
from blog.models.place import list_of, newest
from blog.models.post import PostQuerySet

NEWEST = 20
# An empty feed must not change with every request, so it is as old as can be.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class FullText(SyndicationFeed):
    """A format that carries `html`, the whole text, beside the summary."""

    suffix: ClassVar[str]  # where the feed lives, below the page that it belongs to

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else LONG_AGO


class Atom(FullText, Atom1Feed):
    suffix = "feed/"

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["html"], {"type": "html"})


class Rss(FullText, Rss201rev2Feed):
    suffix = "feed/rss/"

    def rss_attributes(self) -> dict[str, str]:
        content = {"xmlns:content": "http://purl.org/rss/1.0/modules/content/"}
        return super().rss_attributes() | content

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
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
            "language": self.feed["language"],
            "items": [self._item(item) for item in self.items],
        }
        outfile.write(json.dumps(_filled(feed), ensure_ascii=False).encode(encoding))

    def _item(self, item: dict[str, Any]) -> dict[str, Any]:
        author = {"name": item["author_name"], "url": item["author_link"]}
        found = {
            "id": item["unique_id"],
            "url": item["link"],
            "title": item["title"],
            "summary": item["summary"],
            "content_html": item["html"],
            "image": next((enclosure.url for enclosure in item["enclosures"]), ""),
            "date_published": rfc3339_date(item["pubdate"]),
            "date_modified": rfc3339_date(item["updateddate"]),
            "authors": [_filled(author)] if item["author_name"] else [],
            "tags": item["categories"],
        }
        return _filled(found) | {"content_html": item["html"]}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON Feed has no empty fields; what is unknown is left out. `items` must be there."""
    return {key: value for key, value in fields.items() if value or key == "items"}


@dataclass
class Channel:
    """What one feed is about, and the address of the page that it belongs to."""

    site: Site
    title: str
    description: str
    path: str
    posts: PostQuerySet


def everything() -> Channel:
    site = Site.current()
    return Channel(site, site.name, site.tagline, "/", Post.objects.published())


def of_category(slug: str) -> Channel:
    site, category = Site.current(), get_object_or_404(Category, slug=slug)
    return Channel(
        site,
        f"{category.name} – {site.name}",
        category.description,
        category.get_absolute_url(),
        Post.objects.published_among(pk__in=newest(list_of(category), NEWEST)),
    )


def of_author(slug: str) -> Channel:
    site, author = Site.current(), get_object_or_404(Author.objects.published(), slug=slug)
    return Channel(
        site,
        f"{author.get_display_name()} – {site.name}",
        author.bio,
        author.get_absolute_url(),
        Post.objects.published().filter(author=author),
    )


class Posts(Feed):
    """One feed: what it is about and the format it is written in are given when it is made."""

    feed_type: type[FullText]
    item_guid_is_permalink = False

    def __init__(self, channel: Callable[..., Channel], feed_type: type[FullText]) -> None:
        self.channel = channel
        self.feed_type = feed_type

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().__call__(request, *args, **kwargs)
        # A post that is taken back makes the newest date older: by date alone, a reader would be
        # told that nothing changed. The ETag of the bytes tells the truth.
        del response["Last-Modified"]
        return response

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Channel:
        return self.channel(**kwargs)

    def title(self, channel: Channel) -> str:
        return channel.title

    def description(self, channel: Channel) -> str:
        return channel.description

    def subtitle(self, channel: Channel) -> str | None:
        return channel.description or None

    def link(self, channel: Channel) -> str:
        return absolute(channel.path)

    def feed_url(self, channel: Channel) -> str:
        return absolute(channel.path + self.feed_type.suffix)

    def author_name(self, channel: Channel) -> str:
        return channel.site.name

    def items(self, channel: Channel) -> PostQuerySet:
        posts = channel.posts.select_related("author").prefetch_related("categories")
        return posts.defer("body", "toc", "keywords", "related").order_by("-published_at", "-pk")[
            :NEWEST
        ]

    def item_title(self, post: Post) -> str:
        # Atom and JSON say that a title is plain text, and RSS is read that way too: Django's
        # second escaping would show "&amp;" to readers.
        return post.title

    def item_description(self, post: Post) -> str:
        return escape(post.description)

    def item_link(self, post: Post) -> str:
        return absolute(post.get_absolute_url())

    def item_guid(self, post: Post) -> str:
        return post.guid.urn

    def item_pubdate(self, post: Post) -> datetime | None:
        return post.published_at

    def item_updateddate(self, post: Post) -> datetime | None:
        return post.changed_at

    def item_author_name(self, post: Post) -> str | None:
        return post.author.get_display_name() if post.author else None

    def item_author_link(self, post: Post) -> str | None:
        return absolute(post.author.get_absolute_url()) if post.author else None

    def item_categories(self, post: Post) -> list[str]:
        return [category.name for category in post.categories.all()]

    def item_enclosures(self, post: Post) -> list[Enclosure]:
        # Zero stands for an unknown length: asking a remote storage for each would be slow.
        return [Enclosure(absolute(post.cover.url), "0", "image/webp")] if post.cover else []

    def item_extra_kwargs(self, post: Post) -> dict[str, str]:
        html = markdown.feed_html(post.html, absolute(post.get_absolute_url()))
        return {"html": html, "summary": post.description}
