"""What the public templates need beyond Django's own tags."""

import json
from functools import cache
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from blog import languages, markdown, structured
from blog.links import absolute
from blog.models import Author, Category, Post, Site

register = template.Library()
register.filter("absolute", absolute)
# HTML that was cleaned when it was stored.
register.filter("stored_html", markdown.safe)


class InPage:
    """Structured data that prints itself into HTML."""

    def __init__(self, *things: structured.Thing) -> None:
        self.data = structured.graph(*things)

    def __html__(self) -> str:
        data = json.dumps(self.data, ensure_ascii=False)
        # Nothing in a string can then end the element that it stands in.
        data = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        return f'<script type="application/ld+json">{data}</script>'


@register.simple_tag
def post_data(post: Post, site: Site) -> InPage:
    return InPage(structured.posting(post, site), structured.trail_to_post(post, site))


@register.simple_tag
def site_data(site: Site) -> InPage:
    return InPage(structured.website(site))


@register.simple_tag
def category_data(category: Category, site: Site) -> InPage:
    return InPage(structured.trail_to_category(category, site))


@register.simple_tag
def author_data(author: Author, site: Site) -> InPage:
    return InPage(structured.person(author), structured.trail_to_author(author, site))


@register.simple_tag
def site_language() -> SafeString:
    """` lang="ar" dir="rtl"`, for a page."""
    return _language(settings.SITE_LANGUAGE)


@register.simple_tag
def own_language(post: Post) -> SafeString | str:
    """The same for the element that a post stands in; nothing where it speaks as its page does."""
    return _language(post.language) if post.language else ""


@register.simple_tag
def language_tag(post: Post) -> str:
    return languages.tag(languages.or_site(post.language))


@register.simple_tag
def language_name(post: Post) -> str:
    return languages.own_name(languages.or_site(post.language))


@cache
def _language(code: str) -> SafeString:
    direction = "rtl" if languages.is_from_right(code) else "ltr"
    return format_html(' lang="{}" dir="{}"', languages.tag(code), direction)


@register.simple_tag
def site_start() -> str:
    """The side on which the site's lines start, for mail programs that know no better."""
    return "right" if languages.is_from_right(settings.SITE_LANGUAGE) else "left"


@register.filter
def bare_address(address: str) -> str:
    """`https://www.example.com/` as people say it: example.com."""
    parts = urlsplit(address)
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/")
