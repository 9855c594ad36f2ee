"""Posts from elsewhere: one module for each kind of source, all making the same ImportedPost.

`writer` is the only one that touches the database.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.base import File


class ImportFault(Exception):
    """One post could not be read or stored. Says where: `posts/hello.md:3: title must be text`."""

    def __init__(self, source: str, line: int | None, reason: str) -> None:
        place = f"{source}:{line}" if line else source
        super().__init__(f"{place}: {reason}")


@dataclass
class ImportedPost:
    """A post as its source describes it, before it meets the database."""

    source: str  # what messages call it
    hash: str  # changes whenever the source does, its cover included
    title: str
    slug: str
    body: str
    summary: str = ""
    status: str = "draft"
    date: datetime | None = None
    updated: datetime | None = None
    categories: list[str] = field(default_factory=list)
    featured: bool | None = None
    series: str = ""
    series_position: int | None = None
    author: str = ""
    cover: File | None = None
    cover_hash: str = ""
    cover_alt: str = ""
    canonical_url: str = ""
    meta_title: str = ""
    meta_description: str = ""
    language: str = ""
    translation_of: str = ""  # the slug of what was written first
    # What the source says besides, which the blog has no place for.
    unknown: dict[str, Any] = field(default_factory=dict)
    # The line in which each field stands, for messages.
    lines: dict[str, int] = field(default_factory=dict)

    def fault(self, name: str, reason: str) -> ImportFault:
        return ImportFault(self.source, self.lines.get(name), f"{name}: {reason}")
