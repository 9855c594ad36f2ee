"""The newest posts in full: of the whole site, of a category, of an author."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from blog import languages, markdown
from blog.context_processors import current_site
from blog.feeds.formats import ATOM, JSON, RSS, Entry, Feed, Format, Person, Picture
from blog.filed import with_categories
from blog.links import absolute, path_of
from blog.lists import Listing
from blog.models import Author, Post, Site
from blog.models.place import EVERYTHING, list_of
from blog.models.post_queryset import PostQuerySet
from blog.views import author_called, category_called

__all__ = ["ATOM", "JSON", "NEWEST", "RSS", "everything", "of_author", "of_category", "view"]

# Whole texts: with these a poll takes some sixty kilobytes, before it is compressed.
NEWEST = 10


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


def view(channel: Callable[..., Channel], kind: Format) -> Callable[..., HttpResponse]:
    """The page of one feed in one format."""

    def feed(request: HttpRequest, **named: str) -> HttpResponse:
        return kind.answer(filled(channel(**named), kind))

    return feed


def filled(channel: Channel, kind: Format) -> Feed:
    posts = with_categories(Listing(channel.name, PostQuerySet.in_full)[:NEWEST])
    return Feed(
        title=channel.title,
        description=channel.description,
        author=channel.site.name,
        language=languages.tag(settings.SITE_LANGUAGE),
        page=absolute(channel.path),
        address=absolute(channel.path + kind.suffix),
        icon=absolute(path_of("blog:favicon")),
        entries=[_entry(post) for post in posts],
    )


def _entry(post: Post) -> Entry:
    address = absolute(post.get_absolute_url())
    return Entry(
        title=post.title,
        address=address,
        identity=post.guid.urn,
        published_at=post.published_at or post.changed_at,
        updated_at=post.changed_at,
        summary=post.description,
        html=markdown.feed_html(post.html, address),
        author=_person(post.author) if post.author else None,
        categories=[category.name for category in post.filed_under],
        language=languages.tag(post.language) if post.language else "",
        picture=_cover(post) if post.cover else None,
    )


def _person(author: Author) -> Person:
    return Person(author.get_display_name(), absolute(author.get_absolute_url()))


def _cover(post: Post) -> Picture:
    return Picture(absolute(post.cover.url), post.cover_alt, post.cover_width, post.cover_height)
