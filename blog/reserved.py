"""First parts of an address that the site needs for itself, now or by what it promises."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# No pattern of ours names these: middleware answers them, a web server may, or they are only there
# with DEBUG. The last line is kept free for what other sites of this kind have at such addresses.
ELSEWHERE = {
    *("healthz", "readyz", "static", "media", "mailbox", "search", "sitemap", "robots", "favicon"),
    *("page", "pages", "subscribe", "unsubscribe", "api", "tags", "series", "login", "logout"),
}


def is_reserved(slug: str) -> bool:
    """Whether `/<slug>/` is a page of the site's own, or the start of one's address."""
    slug = slug.casefold()
    return slug in ELSEWHERE or slug in set(_first_parts(get_resolver().url_patterns))


def _first_parts(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern)
        first, slash, _ = route.partition("/")
        if slash:
            yield first.casefold()
        elif isinstance(each, URLResolver):
            yield from _first_parts(each.url_patterns, route)
