"""A post as one text file: front matter, then its Markdown as the author wrote it.

`import_posts` reads it, but for the cover, which is an address here and a file there.
"""

from typing import Any

import yaml

from blog import languages
from blog.links import absolute
from blog.models import Post


def source(post: Post) -> str:
    # Wide, so that no text is folded; in any script, so that a human can read it.
    block = yaml.safe_dump(_matter(post), allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{block}---\n\n{post.body}"


def _matter(post: Post) -> dict[str, Any]:
    """The keys that have something to say. They name no other post that is not public."""
    first = post.translation_of
    matter = {
        "title": post.title,
        "slug": post.slug,
        "summary": post.summary,
        "meta_title": post.meta_title,
        "meta_description": post.meta_description,
        "date": post.published_at,
        "updated": post.updated_at,
        "status": post.status,
        "featured": post.featured or None,
        "categories": [category.name for category in post.categories.all()],
        "series": post.series.name if post.series else "",
        "series_position": post.series_position if post.series else None,
        "author": post.author.get_display_name() if post.author else "",
        "cover": absolute(post.cover.url) if post.cover else "",
        "cover_alt": post.cover_alt,
        "canonical_url": post.canonical_url,
        "language": languages.tag(post.language) if post.language else "",
        "translation_of": first.slug if first and first.is_public else "",
    }
    return {key: value for key, value in matter.items() if value not in (None, "", [])}
