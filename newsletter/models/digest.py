"""Digests: issues that the newsletter makes by itself, of the posts that are new."""

from datetime import time, timedelta
from typing import Any

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog.fields import MailHeader, Prose
from blog.models import Post
from blog.models.post_queryset import PostQuerySet
from newsletter import timetable
from newsletter.models.issue import Issue, IssuePost
from newsletter.timetable import Timetable

# A post may be saved in the minute before a run and be there only after it.
OVERLAP = timedelta(minutes=10)


class DigestQuerySet(models.QuerySet["Digest"]):
    def due(self) -> "DigestQuerySet":
        return self.filter(is_active=True, next_at__lte=timezone.now())


class Digest(models.Model):
    class Every(models.TextChoices):
        DAILY = timetable.DAILY, _("Every day")
        WEEKLY = timetable.WEEKLY, _("Every week")
        MONTHLY = timetable.MONTHLY, _("Every month")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    name = MailHeader(
        _("name"),
        max_length=100,
        help_text=_("Stands in the inbox, before the date: “The week, 30 November”."),
    )
    is_active = models.BooleanField(
        _("goes out by itself"),
        default=False,
        help_text=_("Nobody is asked again. Where nothing is new, nothing is sent."),
    )
    every = models.CharField(_("how often"), max_length=8, choices=Every, default=Every.WEEKLY)
    weekday = models.PositiveSmallIntegerField(
        _("on"), choices=Weekday, default=Weekday.MONDAY, help_text=_("If it comes every week.")
    )
    day = models.PositiveSmallIntegerField(
        _("on day"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("If it comes every month. In a shorter month it is the last day."),
    )
    at = models.TimeField(_("at"), default=time(9), help_text=_("In the time of the site."))
    has_everything = models.BooleanField(
        _("posts about everything"),
        default=True,
        help_text=_(
            "It then goes to readers of everything. Otherwise choose categories, and it goes "
            "to their readers too."
        ),
    )
    categories = models.ManyToManyField(
        "blog.Category", blank=True, related_name="digests", verbose_name=_("categories")
    )
    shows = models.CharField(
        _("posts appear as"), max_length=8, choices=Issue.Shows, default=Issue.Shows.SUMMARY
    )
    intro = Prose(
        _("introduction"),
        blank=True,
        max_length=5000,
        validators=[MaxLengthValidator(5000)],
        help_text=_("A few words before the posts, the same each time. Written in Markdown."),
    )
    # Posts that became public later than this are new to it.
    last_run_at = models.DateTimeField(_("last run at"), default=timezone.now, editable=False)
    # When it is due; empty while it is not active.
    next_at = models.DateTimeField(_("next at"), null=True, editable=False)
    # Which installation may send it; see newsletter/installation.py.
    owner = models.CharField(max_length=64, blank=True, editable=False)

    objects = DigestQuerySet.as_manager()

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["next_at"], name="digest_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(every__in=["daily", "weekly", "monthly"]), name="digest_every_known"
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, day__gte=1, day__lte=31), name="digest_day_exists"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.is_active:
            self.next_at = None
        elif self.next_at is None:
            self.next_at = self.timetable.next(timezone.now())
        super().save(*args, **kwargs)

    @property
    def timetable(self) -> Timetable:
        return Timetable(self.every, self.at, self.weekday, self.day)

    def new_posts(self) -> PostQuerySet:
        """What a run at this moment would send, newest first: nothing of it in a run before."""
        sent = IssuePost.objects.filter(issue__digest_run__digest=self, post__isnull=False)
        posts = Post.objects.published().filter(published_at__gt=self.last_run_at - OVERLAP)
        if not self.has_everything:
            chosen = Post.categories.through.objects.filter(
                category__in=self.categories.values("pk")
            )
            posts = posts.filter(pk__in=chosen.values("post"))
        return posts.exclude(pk__in=sent.values("post")).order_by("-published_at", "-pk")


class DigestRun(models.Model):
    """An issue that a digest made, at the time at which it was due."""

    digest = models.ForeignKey(Digest, models.CASCADE, related_name="runs")
    due_at = models.DateTimeField()
    issue = models.OneToOneField(Issue, models.CASCADE, related_name="digest_run")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest", "due_at"], name="digest_runs_once_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.digest_id} at {self.due_at:%Y-%m-%d %H:%M} UTC"
