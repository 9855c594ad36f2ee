"""Issues: what the newsletter sends. docs/sending.md tells the whole story."""

import logging
from functools import reduce
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog import markdown
from blog.dates import is_sensible, sensible
from blog.fields import Line, MailHeader, Prose
from blog.models import Post
from blog.models.addressed import Addressed
from blog.text import clean_line
from newsletter import merge_tags
from newsletter.models.delivery import Delivery, DeliveryQuerySet
from newsletter.models.subscriber import Subscriber, SubscriberQuerySet

logger = logging.getLogger("pennypost.newsletter")


class IssueQuerySet(models.QuerySet["Issue"]):
    def drafts(self) -> "IssueQuerySet":
        return self.filter(status=Issue.Status.DRAFT)

    def scheduled(self) -> "IssueQuerySet":
        return self.filter(status=Issue.Status.SCHEDULED)

    def to_render_again(self) -> "IssueQuerySet":
        """What an older renderer laid out and nobody has been sent; a started issue stays as is."""
        return self.filter(started_at=None).exclude(markdown_version=markdown.VERSION)

    def started(self) -> "IssueQuerySet":
        """Whose sending began, whatever became of it since."""
        return self.filter(started_at__isnull=False)

    def running(self) -> "IssueQuerySet":
        """Started and neither paused nor cancelled; those that are sent whole among them."""
        return self.filter(status=Issue.Status.SENDING)

    def public(self) -> "IssueQuerySet":
        """What the web shows: started, and none of its posts taken back since, or deleted."""
        place = IssuePost.objects.filter(issue=OuterRef("pk"))
        seen = Exists(Post.objects.published().filter(pk=OuterRef("post")))
        return self.filter(~Exists(place.filter(~seen)), started_at__isnull=False)

    def paused(self) -> "IssueQuerySet":
        return self.filter(status=Issue.Status.PAUSED)

    def cancelled(self) -> "IssueQuerySet":
        return self.filter(status=Issue.Status.CANCELLED)

    def unfinished(self) -> "IssueQuerySet":
        """Running, with something left to do."""
        return self.running().filter(Q(frozen_at__isnull=True) | Exists(_open_deliveries()))

    def under_way(self) -> "IssueQuerySet":
        """Started and neither sent whole nor cancelled, be it paused or not."""
        return self.paused() | self.unfinished()

    def finished(self) -> "IssueQuerySet":
        """Sent whole: frozen to the last reader, and nothing of it open any more."""
        return self.running().filter(~Exists(_open_deliveries()), frozen_at__isnull=False)


def _open_deliveries() -> DeliveryQuerySet:
    return Delivery.objects.open().filter(issue=OuterRef("pk"))


class Issue(Addressed):
    """One number of the newsletter. `sent` is no status: see `IssueQuerySet.finished`."""

    page = "newsletter:issue"

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")

    class Audience(models.TextChoices):
        EVERYONE = "everyone", _("Every subscriber")
        TOPICS = "topics", _("Readers of the categories below, and of everything")

    class Shows(models.TextChoices):
        FULL = "full", _("The whole posts")
        SUMMARY = "summary", _("Title and summary, with a link")

    subject = MailHeader(
        _("subject"),
        max_length=150,
        help_text=_("What stands in the inbox. Best below fifty characters."),
    )
    preheader = Line(
        _("preheader"),
        max_length=200,
        blank=True,
        help_text=_("The words that many inboxes show after the subject."),
    )
    intro = Prose(
        _("intro"),
        blank=True,
        max_length=5000,
        validators=[MaxLengthValidator(5000)],
        help_text=_("A few words before the posts. Written in Markdown."),
    )
    body = Prose(
        _("body"),
        blank=True,
        validators=[MaxLengthValidator(markdown.MAX_LENGTH)],
        help_text=_(
            "Written in Markdown. Comes after the introduction and before the posts. "
            "In both, {{ email }}, {{ unsubscribe_url }} and {{ preferences_url }} become each "
            "reader's own; they work in links too."
        ),
    )
    posts = models.ManyToManyField(
        "blog.Post",
        through="newsletter.IssuePost",
        related_name="issues",
        blank=True,
        verbose_name=_("posts"),
    )
    shows = models.CharField(_("posts appear as"), max_length=8, choices=Shows, default=Shows.FULL)
    audience = models.CharField(
        _("audience"), max_length=8, choices=Audience, default=Audience.EVERYONE
    )
    categories = models.ManyToManyField(
        "blog.Category",
        blank=True,
        related_name="issues",
        help_text=_("Who chose several of them gets one mail."),
        verbose_name=_("categories"),
    )
    intro_html = models.TextField(blank=True, editable=False)
    html = models.TextField(blank=True, editable=False)
    markdown_version = models.PositiveSmallIntegerField(default=0, editable=False)

    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    # When a scheduled issue is due. Empty with `with_posts`: then its posts' going live decides.
    send_at = models.DateTimeField(_("send at"), null=True, blank=True, validators=[sensible])
    with_posts = models.BooleanField(
        _("when its post goes live"),
        default=False,
        help_text=_("The minute the post becomes public."),
    )
    # Why it does not go on, in a sentence for whoever looks: empty where a person paused it.
    paused_because = models.CharField(
        _("paused because"), max_length=500, blank=True, editable=False
    )
    # Which installation may send it; see newsletter/installation.py.
    owner = models.CharField(max_length=64, blank=True, editable=False)

    created_by = models.ForeignKey(
        "blog.Author",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="issues",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    # The freeze: the highest subscriber in it, how far it came, when it was complete, how many.
    frozen_to = models.BigIntegerField(default=0, editable=False)
    frozen_through = models.BigIntegerField(default=0, editable=False)
    frozen_at = models.DateTimeField(null=True, editable=False)
    frozen_count = models.PositiveIntegerField(default=0, editable=False)

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        ordering = ["-created_at", "-pk"]
        permissions = [("send_issue", _("Can send issues"))]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="issue_newest"),
            models.Index(fields=["status", "-started_at"], name="issue_by_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "scheduled", "sending", "paused", "cancelled"]),
                name="issue_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sending", "paused"]) | Q(started_at__isnull=False),
                name="issue_sending_has_started",
            ),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(send_at__isnull=False) | Q(with_posts=True),
                name="issue_scheduled_has_a_time",
            ),
            models.CheckConstraint(condition=is_sensible("send_at"), name="issue_send_at_sensible"),
        ]

    def __str__(self) -> str:
        return self.subject

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.render()
        super().save(*args, **kwargs)

    def slug_source(self) -> str:
        return clean_line(self.subject)

    def had_public_address(self) -> bool:
        return False  # mails link to it, so once it is sent the address is fixed

    def render(self) -> None:
        """Lay out what was written, its merge tags marked for newsletter/letters.

        Raises blog.markdown.TooComplex where a text cannot be laid out in time.
        """
        origin = {"media_url": settings.MEDIA_URL, "own_origin": settings.SITE_URL}
        self.intro_html = markdown.render(merge_tags.to_places(self.intro), **origin).html
        self.html = markdown.render(merge_tags.to_places(self.body), **origin).html
        self.markdown_version = markdown.VERSION

    def render_again(self) -> None:
        """Store what the newest renderer makes of it, unless somebody saved other words."""
        as_read = Issue.objects.to_render_again().filter(
            pk=self.pk, intro=self.intro, body=self.body
        )
        try:
            self.render()
        except markdown.TooComplex:
            logger.error("Issue %s has become too complex to be rendered again.", self.pk)
            as_read.update(markdown_version=markdown.VERSION)
        else:
            derived = ("intro_html", "html", "markdown_version")
            as_read.update(**{name: getattr(self, name) for name in derived})

    @property
    def is_editable(self) -> bool:
        return self.status in {self.Status.DRAFT, self.Status.SCHEDULED}

    @property
    def is_finished(self) -> bool:
        return Issue.objects.finished().filter(pk=self.pk).exists()

    @property
    def state_in_words(self) -> str:
        """Its status, or "Sent" where nothing of it is left to do."""
        return gettext("Sent") if self.is_finished else self.get_status_display()

    @property
    def has_started(self) -> bool:
        return self.started_at is not None

    @property
    def audience_in_words(self) -> str:
        """`Readers of everything, and of Food or Sea`."""
        if self.audience == self.Audience.EVERYONE:
            return gettext("Every reader")
        names = [category.name for category in self.categories.all()]
        if not names:
            return gettext("Readers of everything")
        return gettext("Readers of everything, and of %(names)s") % {
            "names": reduce(_either, names)
        }

    def audience_now(self) -> SubscriberQuerySet:
        """The subscribers that a freeze at this moment would take."""
        return Subscriber.objects.receiving().meant_by(self)

    def counts(self) -> dict[str, int]:
        """Deliveries by status, with every status in it."""
        rows = self.deliveries.order_by().values_list("status").annotate(Count("pk"))
        return dict.fromkeys(Delivery.Status.values, 0) | dict(rows)


def _either(one: str, other: str) -> str:
    return gettext("%(one)s or %(other)s") % {"one": one, "other": other}


class IssuePost(models.Model):
    """A post's place in an issue. It stays when the post is deleted, so that the gap is noticed."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="places", verbose_name=_("issue"))
    post = models.ForeignKey(
        "blog.Post", models.SET_NULL, null=True, related_name="+", verbose_name=_("post")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("post of an issue")
        verbose_name_plural = _("posts of an issue")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "post"], name="issue_has_a_post_once")
        ]

    def __str__(self) -> str:
        return f"{self.post_id} in {self.issue_id}"


class FrozenMail(models.Model):
    """An issue's mail as it was when sending started.

    What differs between readers stands in it as a place of newsletter/merge_tags.py.
    """

    issue = models.OneToOneField(
        Issue, models.CASCADE, primary_key=True, related_name="frozen_mail"
    )
    subject = models.CharField(max_length=150)
    sender = models.CharField(max_length=400)
    reply_to = models.CharField(max_length=254, blank=True)
    site_name = models.CharField(max_length=80)
    html = models.TextField()
    text = models.TextField()
    frozen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"The mail of {self.issue_id}"
