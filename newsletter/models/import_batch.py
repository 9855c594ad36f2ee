"""Subscribers that came in one file. docs/moving-subscribers.md tells the whole story."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.fields import Line
from newsletter.models.terms import Terms


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def unfinished(self) -> "ImportBatchQuerySet":
        """Begun and never ended: the process that was at it died, or still runs."""
        return self.filter(finished_at__isnull=True, undone_at__isnull=True)

    def inviting(self) -> "ImportBatchQuerySet":
        """With people in it who were not asked yet whether they want the newsletter."""
        return self.filter(
            finished_at__isnull=False, invited_at__isnull=True, undone_at__isnull=True
        )


class ImportBatch(models.Model):
    file_name = Line("file", max_length=255)
    # How its people agreed, in the operator's words, and to what; both empty where nobody says.
    source = Line(_("how they agreed"), max_length=500, blank=True)
    terms = models.ForeignKey(Terms, models.DO_NOTHING, null=True, related_name="+")
    # SHA-256 of the file and of what it was imported with: tells which run a new one continues.
    fingerprint = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # The records behind us, and the bytes of the file of refused lines that belong to them.
    done = models.PositiveIntegerField(default=0)
    refused_bytes = models.BigIntegerField(default=0)

    added = models.PositiveIntegerField("subscribed", default=0)
    invited = models.PositiveIntegerField(_("to be asked"), default=0)
    stopped = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(_("known already"), default=0)
    refused = models.PositiveIntegerField(default=0)

    # Up to which subscriber they were asked; when the last one was.
    invited_through = models.BigIntegerField(default=0)
    invited_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("import")

    def __str__(self) -> str:
        return gettext("Import %(number)s of %(name)s") % {
            "number": self.pk,
            "name": self.file_name,
        }


class ImportFile(models.Model):
    """A list that somebody brought to the newsroom, until it is imported or a day old.

    In the database, not on a disk: the worker may run on another host.
    """

    author = models.ForeignKey("blog.Author", models.CASCADE, related_name="+")
    name = Line(max_length=255)
    data = models.BinaryField()
    source = Line(max_length=500, blank=True)
    version = Line(max_length=40, blank=True)
    # The words of that version, where they are another list's.
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When it was left to the worker.
    queued_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
