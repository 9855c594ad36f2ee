"""Which posts came from files, and how both sides looked at that moment."""

import hashlib
import json
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from blog.models.post import Post

# What an import writes, and so what counts when it asks whether the post was edited since.
WRITTEN = (
    *("title", "slug", "summary", "body", "status", "published_at"),
    *("cover", "cover_alt", "canonical_url", "author_id"),
)
WRITTEN_IF_SAID = (
    *("featured", "series_id", "series_position", "translation_of_id"),
    *("meta_title", "meta_description"),
)


class Imported(models.Model):
    """The last import of one post. Comparing with it tells who changed what since."""

    post = models.OneToOneField("blog.Post", models.CASCADE, related_name="imported")
    # The slug in the file: the post may have moved since, and must still be found.
    slug = models.CharField(max_length=80, unique=True)
    # SHA-256 in hexadecimal: of the file with its cover, of the cover alone, of the post.
    file_hash = models.CharField(max_length=64)
    cover_hash = models.CharField(max_length=64, blank=True)
    post_hash = models.CharField(max_length=64)
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("import")

    def __str__(self) -> str:
        return gettext("Import of %(slug)s") % {"slug": self.slug}

    @property
    def post_was_edited(self) -> bool:
        return fingerprint(self.post) != self.post_hash


def fingerprint(post: "Post") -> str:
    """SHA-256 in hexadecimal of all that an import writes into a post."""
    values = [str(getattr(post, name)) for name in WRITTEN]
    # Only where there is something, so that what was imported before they came along still fits.
    values += [post.language] if post.language else []
    said = {name: getattr(post, name) for name in WRITTEN_IF_SAID}
    values += [f"{name}={value}" for name, value in said.items() if value]
    categories = sorted(post.categories.values_list("pk", flat=True))
    return hashlib.sha256(json.dumps([values, categories]).encode()).hexdigest()
