"""The newest posts in full: of the whole site, of a category, of an author."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Enclosure
from django.utils.html import escape

from blog import languages, markdown
from blog.context_processors import current_site
from blog.feeds.formats import Atom, FullText, Json, Picture, Rss
from blog.filed import with_categories
from blog.links import absolute
from blog.lists import Listing
from blog.models import Post, Site
from blog.models.place import EVERYTHING, list_of
from blog.models.post import PostQuerySet
from blog.views import author_called, category_called

__all__ = ["NEWEST", "Atom", "Json", "Rss", "everything", "of_author", "of_category", "view"]

NEWEST = 20


@dataclass
class Channel:
    """What one feed is about, and the address of the page that it belongs to."""

    site: Site
    title: str
    description: str
    path: str
    # The list that its posts stand in.
    name: str


def everything() -> Channel:
    site = current_site()
    return Channel(site, site.name, site.tagline, "/", EVERYTHING)


def of_category(slug: str) -> Channel:
    site, category = current_site(), category_called(slug)
    return Channel(
        site,
        f"{category.name} – {site.name}",
        category.description,
        category.get_absolute_url(),
        list_of(category),
    )


def of_author(slug: str) -> Channel:
    site, author = current_site(), author_called(slug)
    return Channel(
        site,
        f"{author.get_display_name()} – {site.name}",
        author.bio,
        author.get_absolute_url(),
        list_of(author),
    )


def view(channel: Callable[..., Channel], kind: type[FullText]) -> Callable[..., HttpResponse]:
    """The page of one feed in one format.

    It says no Last-Modified. A post that is taken back makes the newest date older: by date alone
    a reader would be told that nothing changed. The ETag of the bytes tells the truth.
    """

    def feed(request: HttpRequest, **named: str) -> HttpResponse:
        return written(channel(**named), kind).answer()

    return feed


def written(channel: Channel, kind: type[FullText]) -> FullText:
    feed = kind(
        title=channel.title,
        subtitle=channel.description or None,
        link=absolute(channel.path),
        description=channel.description,
        language=languages.tag(settings.SITE_LANGUAGE),
        feed_url=absolute(channel.path + kind.suffix),
        author_name=channel.site.name,
        icon=absolute(reverse("blog:favicon")),
    )
    for post in with_categories(Listing(channel.name, PostQuerySet.in_full)[:NEWEST]):
        _add(feed, post)
    return feed


def _add(feed: FullText, post: Post) -> None:
    address = absolute(post.get_absolute_url())
    feed.add_item(
        # Atom and JSON say that a title is plain text, and RSS is read that way too: escaped here,
        # it would show "&amp;" to readers.
        title=post.title,
        link=address,
        description=escape(post.description),
        unique_id=post.guid.urn,
        unique_id_is_permalink=False,
        pubdate=post.published_at,
        updateddate=post.changed_at,
        author_name=post.author.get_display_name() if post.author else None,
        author_link=absolute(post.author.get_absolute_url()) if post.author else None,
        categories=[category.name for category in post.filed_under],
        # Zero stands for an unknown length: asking a remote storage for each would be slow.
        enclosures=[Enclosure(absolute(post.cover.url), "0", "image/webp")] if post.cover else [],
        html=markdown.feed_html(post.html, address),
        summary=post.description,
        language=languages.tag(post.language) if post.language else "",
        picture=_cover(post) if post.cover else None,
    )


def _cover(post: Post) -> Picture:
    return Picture(absolute(post.cover.url), post.cover_alt, post.cover_width, post.cover_height)
