"""The sitemap: one file while everything fits into it, otherwise a list of files."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from blog.links import absolute
from blog.models import Author, Category, Page, Post

# The protocol allows 50,000, which would take longer to write than a crawler likes to wait.
LIMIT = 2_000


class Section(Sitemap):
    limit = LIMIT

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class Pages(Section):
    def items(self) -> list[str]:
        return ["blog:home", "blog:categories", "blog:archive"]

    def location(self, item: str) -> str:
        return reverse(item)


class OwnPages(Section):
    def items(self) -> QuerySet[Page]:
        return Page.objects.published().only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Page) -> datetime:
        return item.updated_at


class Posts(Section):
    def items(self) -> QuerySet[Post]:
        return Post.objects.published().only("slug", "published_at", "updated_at").order_by("pk")

    def lastmod(self, item: Post) -> datetime:
        return item.changed_at


class Categories(Section):
    def items(self) -> QuerySet[Category]:
        return Category.objects.published().only("slug").order_by("pk")


class Authors(Section):
    def items(self) -> QuerySet[Author]:
        return Author.objects.published().only("slug").order_by("pk")


SECTIONS: dict[str, Section] = {
    "pages": Pages(),
    "own-pages": OwnPages(),
    "posts": Posts(),
    "categories": Categories(),
    "authors": Authors(),
}


def sitemap(request: HttpRequest) -> HttpResponse:
    paginators = {name: section.paginator for name, section in SECTIONS.items()}
    if sum(paginator.count for paginator in paginators.values()) <= LIMIT:
        return _without_date(views.sitemap(request, {**SECTIONS}))
    files = [
        {"location": f"{absolute(reverse('blog:sitemap_section', args=[name]))}?p={number}"}
        for name, paginator in paginators.items()
        for number in paginator.page_range
        if paginator.count
    ]
    return TemplateResponse(
        request, "sitemap_index.xml", {"sitemaps": files}, content_type="application/xml"
    )


def section(request: HttpRequest, section: str) -> HttpResponse:
    return _without_date(views.sitemap(request, {**SECTIONS}, section=section))


def _without_date(response: HttpResponse) -> HttpResponse:
    """As in the feeds: when a post is taken back, only the ETag notices."""
    del response["Last-Modified"]
    return response
