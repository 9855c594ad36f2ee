"""What search knows about posts. Written by blog/search alone; docs/search.md tells when."""

from datetime import datetime
from typing import Any

from django.db import models

from blog.models.visibility import visible

# `newness` is a time in seconds, and then the post's number, in 64 bits.
_POSTS = 1 << 29
_NO_DATE = -(1 << 33)


def newness_of(post_id: int, published_at: datetime | None) -> int:
    """Larger is newer, and no two posts have the same."""
    seconds = int(published_at.timestamp()) if published_at else _NO_DATE
    return seconds * _POSTS + post_id % _POSTS


def seconds_of(newness: int) -> int:
    return newness // _POSTS


class SearchEntryQuerySet(models.QuerySet["SearchEntry"]):
    def published(self, at: Any = None) -> "SearchEntryQuerySet":
        """Those of posts that the public may see now, or at another moment."""
        return self.filter(visible(at=at))


class SearchEntry(models.Model):
    """A post as search sees it. Its tokens stand in the database's own index, under `newness`."""

    post = models.OneToOneField(
        "blog.Post", models.CASCADE, primary_key=True, related_name="search_entry"
    )
    # By date, then by number: the newest come first in the index itself, which is where a search
    # for a word that stands everywhere has to stop.
    newness = models.BigIntegerField(unique=True)
    language = models.CharField(max_length=12)
    # Copies that a trigger keeps, so that no search has to read the posts themselves.
    status = models.CharField(max_length=10)
    published_at = models.DateTimeField(null=True)
    author_id = models.BigIntegerField(null=True)
    # As in " 3 17 ".
    category_ids = models.TextField(blank=True)
    # The words of the body, for excerpts.
    text = models.TextField(blank=True)

    objects = SearchEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [models.Index(fields=["language"], name="searchentry_language")]

    def __str__(self) -> str:
        return f"Post {self.post_id}"


class SearchMark(models.Model):
    """A post has changed and its entry has not yet. Triggers write these, whoever changes what."""

    post_id = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"Post {self.post_id}"


class SearchWord(models.Model):
    """A word that some post has, or had, as it is written: for a prefix, and for what was meant."""

    word = models.CharField(max_length=60, unique=True)
    first = models.CharField(max_length=1)
    length = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["first", "length", "word"], name="searchword_alike")]

    def __str__(self) -> str:
        return self.word
