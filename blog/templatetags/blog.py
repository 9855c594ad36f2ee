"""What the public templates need beyond Django's own tags."""

import json
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from blog import markdown
from blog.links import absolute
from blog.models import Post, Site

register = template.Library()
register.filter("absolute", absolute)
# HTML that was cleaned when it was stored.
register.filter("stored_html", markdown.safe)

# Nothing in a string can then end the element that it stands in.
ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Json:
    """Data that prints itself into HTML as JSON."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def __html__(self) -> str:
        return json.dumps(self.data, ensure_ascii=False).translate(ESCAPED)


@register.simple_tag
def structured_data(post: Post, site: Site) -> SafeString:
    """What search engines read about a post: https://schema.org/BlogPosting as JSON-LD."""
    address = absolute(post.get_absolute_url())
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.meta_description or post.description,
        "url": address,
        "mainEntityOfPage": post.canonical_url or address,
        "datePublished": post.published_at.isoformat() if post.published_at else None,
        "dateModified": post.changed_at.isoformat(),
        "publisher": {"@type": "Organization", "name": site.name, "url": absolute("/")},
    }
    if post.author:
        data["author"] = {
            "@type": "Person",
            "name": post.author.get_display_name(),
            "url": absolute(post.author.get_absolute_url()),
        }
    if post.cover:
        data["image"] = absolute(post.cover.url)
    return format_html('<script type="application/ld+json">{}</script>', Json(data))


@register.filter
def bare_address(address: str) -> str:
    """`https://www.example.com/` as people say it: example.com."""
    parts = urlsplit(address)
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/")
