"""The sitemap: one file while everything fits into it, otherwise a list of files."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.core.files.storage import default_storage
from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import Greatest
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.xmlutils import SimplerXMLGenerator

from blog.links import absolute
from blog.models import Author, Category, Page, Post, Series

# The protocol allows 50,000, which would take longer to write than a crawler likes to wait.
LIMIT = 1_000
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# https://developers.google.com/search/docs/crawling-indexing/sitemaps/image-sitemaps
IMAGES = "http://www.google.com/schemas/sitemap-image/1.1"


@dataclass(slots=True)
class Place:
    """An address, when it changed, the picture on it."""

    path: str
    changed_at: datetime | None = None
    picture: str = ""


@dataclass(slots=True)
class File:
    number: int
    count: int
    changed_at: datetime | None = None


class Pages:
    """The addresses that every site has."""

    names = ("blog:home", "blog:categories", "blog:archive")

    def first(self) -> int:
        return 1

    def files(self) -> list[File]:
        return [File(1, len(self.names))]

    def places(self, number: int | None = None) -> Iterator[Place]:
        if number in (None, 1):
            yield from (Place(reverse(name)) for name in self.names)


@dataclass
class Rows:
    """Rows with a page each. A file holds those with a certain range of keys.

    So a deep file is as cheap as the first: nobody counts what stands before it. And a post that
    is taken back moves no other one into the next file.
    """

    rows: Callable[[], QuerySet[Any]]
    page: str
    columns: tuple[str, ...] = ()
    place: Callable[..., Place] = Place
    changed_at: tuple[str, ...] = ()

    def first(self) -> int:
        """The number of the first file that holds anything."""
        return (self.rows().order_by("pk").values_list("pk", flat=True).first() or 0) // LIMIT + 1

    def files(self) -> list[File]:
        sums: dict[str, Any] = {"count": Count("pk")}
        sums |= {f"latest_{name}": Max(name) for name in self.changed_at}
        chunks = self.rows().order_by().values(chunk=F("pk") / LIMIT).annotate(**sums)
        return [
            File(row["chunk"] + 1, row["count"], _latest(row, self.changed_at))
            for row in chunks.order_by("chunk")
        ]

    def places(self, number: int | None = None) -> Iterator[Place]:
        """Those of one file, or all of them."""
        rows = self.rows()
        if number is not None:
            rows = rows.filter(pk__gte=(number - 1) * LIMIT, pk__lt=number * LIMIT)
        for slug, *values in rows.order_by("pk").values_list("slug", *self.columns):
            yield self.place(reverse(self.page, args=[slug]), *values)


def _latest(row: dict[str, Any], names: Iterable[str]) -> datetime | None:
    return max((row[f"latest_{name}"] for name in names), default=None)


def _post(path: str, changed_at: datetime, cover: str) -> Place:
    return Place(path, changed_at, default_storage.url(cover) if cover else "")


SECTIONS: dict[str, Pages | Rows] = {
    "pages": Pages(),
    "own-pages": Rows(
        lambda: Page.objects.published(), "blog:page", ("updated_at",), changed_at=("updated_at",)
    ),
    "posts": Rows(
        lambda: Post.objects.published().annotate(changed=Greatest("updated_at", "published_at")),
        "blog:post",
        ("changed", "cover"),
        _post,
        ("updated_at", "published_at"),
    ),
    "series": Rows(lambda: Series.objects.published(), "blog:series"),
    "categories": Rows(lambda: Category.objects.published(), "blog:category"),
    "authors": Rows(lambda: Author.objects.published(), "blog:author"),
}


def sitemap(request: HttpRequest) -> HttpResponse:
    # Whether there are many decide the posts: of nothing else has a site a thousand.
    posts = SECTIONS["posts"].files()
    if sum(file.count for file in posts) <= LIMIT:
        return _urlset(place for section in SECTIONS.values() for place in section.places())
    listed = [
        Place(f"{reverse('blog:sitemap_section', args=[name])}?p={file.number}", file.changed_at)
        for name, section in SECTIONS.items()
        for file in (posts if name == "posts" else section.files())
    ]
    return _written("sitemapindex", {"xmlns": SITEMAP}, "sitemap", listed)


def section(request: HttpRequest, section: str) -> HttpResponse:
    if section not in SECTIONS:
        raise Http404
    asked = request.GET.get("p")
    if asked is None:
        return _urlset(SECTIONS[section].places(SECTIONS[section].first()))
    # As many digits as the number of any row has.
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 15):
        raise Http404
    places = list(SECTIONS[section].places(int(asked)))
    if not places:
        raise Http404
    return _urlset(places)


def _urlset(places: Iterable[Place]) -> HttpResponse:
    return _written("urlset", {"xmlns": SITEMAP, "xmlns:image": IMAGES}, "url", places)


def _written(
    root: str, names: dict[str, str], element: str, places: Iterable[Place]
) -> HttpResponse:
    text = StringIO()
    xml = SimplerXMLGenerator(text, "utf-8")
    xml.startDocument()
    xml.startElement(root, AttributesImpl(names))
    for place in places:
        xml.startElement(element, AttributesImpl({}))
        xml.addQuickElement("loc", absolute(place.path))
        if place.changed_at:
            xml.addQuickElement("lastmod", place.changed_at.isoformat(timespec="seconds"))
        if place.picture:
            xml.startElement("image:image", AttributesImpl({}))
            xml.addQuickElement("image:loc", absolute(place.picture))
            xml.endElement("image:image")
        xml.endElement(element)
    xml.endElement(root)
    return HttpResponse(text.getvalue(), content_type="application/xml")
