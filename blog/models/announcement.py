"""Addresses that search engines are to look at again, by https://www.indexnow.org."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

if TYPE_CHECKING:
    from blog.models.post import Post

# Whoever saves ten times in a minute is announced once.
CALM = timedelta(minutes=1)
# A worker that died with announcements in its hands leaves them to the next after this time.
LEASE = timedelta(minutes=5)
# Another text or another address is worth a visit; a post that is now featured is none.
TOLD = ("title", "summary", "body", "cover", "slug", "status", "published_at", "language")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def note_change(self, before: "Post | None", after: "Post") -> None:
        """Called in the transaction that stores `after`, so none is lost and none is untrue."""
        if not settings.INDEXNOW_KEY:
            return
        if before and all(getattr(before, name) == getattr(after, name) for name in TOLD):
            return
        if before and before.is_public:
            self._note(before, timezone.now(), was_public=True)
        if after.is_public:
            self._note(after, timezone.now(), was_public=True)
        elif after.is_scheduled and after.published_at:
            self._note(after, after.published_at, was_public=False)

    def note_end(self, post: "Post") -> None:
        if settings.INDEXNOW_KEY and post.is_public:
            self._note(post, timezone.now(), was_public=True)

    def _note(self, post: "Post", moment: datetime, *, was_public: bool) -> None:
        fields: dict[str, Any] = {"due_at": moment + CALM, "attempts": 0}
        # Once known outside, always known.
        fields |= {"was_public": True} if was_public else {}
        self.update_or_create(path=unquote(post.get_absolute_url()), defaults=fields)

    def due(self) -> "AnnouncementQuerySet":
        return self.filter(due_at__lte=timezone.now())

    def claim(self, most: int) -> list["Announcement"]:
        """Those that are now this worker's; none where another one was first."""
        rows = list(self.due().order_by("due_at", "path")[:most])
        lease = timezone.now() + LEASE
        mine = self.due().filter(pk__in=[row.pk for row in rows])
        if mine.update(due_at=lease, attempts=F("attempts") + 1) != len(rows):
            return []
        for row in rows:
            row.due_at, row.attempts = lease, row.attempts + 1
        return rows

    def as_claimed(self, rows: list["Announcement"]) -> "AnnouncementQuerySet":
        """Those of `rows` that nobody changed again meanwhile."""
        return self.filter(pk__in=[row.pk for row in rows], due_at__in={row.due_at for row in rows})


class Announcement(models.Model):
    # As people read it, /posts/日本語/.
    path = models.CharField(primary_key=True, max_length=200)
    due_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Whether anybody outside can know it. If not, it is told only once the public may see it.
    was_public = models.BooleanField(default=False)

    objects = AnnouncementQuerySet.as_manager()

    def __str__(self) -> str:
        return self.path


# Posts are deleted one by one, in bulk and by the admin; only the signal hears of each.
@receiver(post_delete, sender="blog.Post")
def note_deleted(sender: Any, instance: "Post", **kwargs: Any) -> None:
    Announcement.objects.note_end(instance)
