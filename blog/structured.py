"""What search engines read about a page: https://schema.org as JSON-LD, as plain dicts."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from blog import languages
from blog.links import absolute, path_of
from blog.models import Author, Category, Post, Site
from blog.models.addressed import Addressed

type Thing = dict[str, Any]


def graph(*things: Thing) -> Thing:
    return {"@context": "https://schema.org", "@graph": [_filled(thing) for thing in things]}


def posting(post: Post, site: Site) -> Thing:
    address = absolute(post.get_absolute_url())
    return {
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.meta_description or post.description,
        "url": address,
        "mainEntityOfPage": post.canonical_url or address,
        "datePublished": post.published_at.isoformat() if post.published_at else None,
        "dateModified": post.changed_at.isoformat(),
        "inLanguage": languages.tag(languages.or_site(post.language)),
        "wordCount": post.words,
        "articleSection": [category.name for category in post.filed_under],
        "image": absolute(picture_of(post)),
        "author": _named(post.author) if post.author else None,
        "publisher": {"@type": "Organization", "name": site.name, "url": absolute("/")},
    }


def picture_of(post: Post) -> str:
    """The address of the picture that stands for a post: its cover, or else its share card."""
    return post.cover.url if post.cover else path_of("blog:post_card", post.slug)


def person(author: Author) -> Thing:
    return _named(author) | {
        "description": author.bio,
        "image": absolute(author.photo.url) if author.photo else None,
        "sameAs": [author.website] if author.website else None,
    }


def _named(author: Author) -> Thing:
    address = absolute(author.get_absolute_url())
    return {"@type": "Person", "name": author.get_display_name(), "url": address}


def website(site: Site) -> Thing:
    # In braces, as search engines expect it: what is looked for goes there.
    template = absolute("/search/") + "?q={search_term_string}"
    return {
        "@type": "WebSite",
        "name": site.name,
        "description": site.tagline,
        "url": absolute("/"),
        "inLanguage": languages.tag(settings.SITE_LANGUAGE),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": template},
            "query-input": "required name=search_term_string",
        },
    }


def trail(site: Site, *steps: tuple[str, str]) -> Thing:
    """The way from the first page to here; each step a name and a path."""
    places = [(site.name, path_of("blog:home")), *steps]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
            for position, (name, path) in enumerate(places, start=1)
        ],
    }


def trail_to_post(post: Post, site: Site) -> Thing:
    return trail(site, *map(_step, [*post.filed_under[:1], post]))


def trail_to_category(category: Category, site: Site) -> Thing:
    return trail(site, (gettext("Categories"), path_of("blog:categories")), _step(category))


def trail_to_author(author: Author, site: Site) -> Thing:
    return trail(site, _step(author))


def _step(row: Addressed) -> tuple[str, str]:
    return str(row), row.get_absolute_url()


def _filled(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if value}
