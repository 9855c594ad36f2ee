"""The addresses of share cards: one for every page that may have no picture of its own."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from blog import cards, languages
from blog.models import Author, Category, Post, Site

HEADERS = {
    # Not longer, since a title may be corrected at the same address.
    "Cache-Control": "public, max-age=3600",
    # Whoever shares a page shows its card on a page of their own.
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@require_safe
def site_card(request: HttpRequest) -> HttpResponse:
    site = Site.current()
    return _answer(site, "", site.tagline, "site", 1)


@require_safe
def post_card(request: HttpRequest, slug: str) -> HttpResponse:
    post = get_object_or_404(Post.objects.published().on_cards(), slug=slug)
    byline = post.author.get_display_name() if post.author else ""
    return _answer(Site.current(), post.title, byline, "post", post.pk, post.language)


@require_safe
def category_card(request: HttpRequest, slug: str) -> HttpResponse:
    category = get_object_or_404(Category, slug=slug)
    return _answer(Site.current(), category.name, "", "category", category.pk)


@require_safe
def author_card(request: HttpRequest, slug: str) -> HttpResponse:
    author = get_object_or_404(Author.objects.published(), slug=slug)
    return _answer(Site.current(), author.get_display_name(), "", "author", author.pk)


def _answer(
    site: Site, title: str, byline: str, kind: str, number: int, language: str = ""
) -> HttpResponse:
    tag = languages.tag(languages.or_site(language))
    card = cards.Card(site.name, title, byline, site.colours.light, tag)
    picture = cards.stored(card, Path(settings.VAR_DIR) / "cards", kind, number)
    return HttpResponse(picture, content_type="image/png", headers=HEADERS)
