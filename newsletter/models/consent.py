"""What a subscriber agreed to, and when: a log, not a checkbox."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from newsletter.models.permanent import AppendOnly, AppendOnlyQuerySet

# The button under an invitation; whoever presses it never saw the box of a sign-up form.
AGREE = gettext_noop("Agree to the terms & conditions and subscribe")


class ConsentQuerySet(AppendOnlyQuerySet):
    pass


class Consent(AppendOnly):
    """One event. It holds no personal data; who it was is the subscriber row's business.

    The database drops a log together with its subscriber, which only happens to a sign-up that
    nobody ever confirmed.
    """

    class Event(models.TextChoices):
        REQUESTED = "requested", _("Asked for the newsletter")
        TERMS_AGREED = "terms_agreed", _("Agreed to the terms & conditions")
        IMPORTED = "imported", _("Taken over from another list")
        INVITED = "invited", _("Was asked whether they want the newsletter")
        CONFIRMED = "confirmed", _("Confirmed by the link in the mail")
        TOPICS_CHANGED = "topics_changed", _("Chose topics")
        ADDRESS_CHANGED = "address_changed", _("Moved to another address")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Mail bounced for good")
        COMPLAINED = "complained", _("Complained about a mail")
        LIFTED = "lifted", _("Bounce or complaint lifted")
        ERASED = "erased", _("Erased")

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.DB_CASCADE, related_name="consents"
    )
    event = models.CharField(max_length=16, choices=Event)
    at = models.DateTimeField(default=timezone.now)
    terms_version = models.CharField(max_length=40, blank=True)
    terms_hash = models.CharField(max_length=64, blank=True)
    # The words beside the box, as the visitor read them; or why a bounce or complaint was lifted.
    wording = models.TextField(blank=True)
    receives_everything = models.BooleanField(default=True)
    # Slugs of the categories asked for.
    topics = models.JSONField(default=list)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["at", "pk"]
        verbose_name = _("consent event")
        indexes = [models.Index(fields=["event", "at"], name="consent_by_event")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    event__in=[
                        "requested",
                        "terms_agreed",
                        "imported",
                        "invited",
                        "confirmed",
                        "topics_changed",
                        "address_changed",
                        "unsubscribed",
                        "bounced",
                        "complained",
                        "lifted",
                        "erased",
                    ]
                ),
                name="consent_event_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()}, {self.at:%Y-%m-%d %H:%M} UTC"

    def forget_evidence(self) -> None:
        """Delete where this event came from; the event itself stays."""
        ConsentEvidence.objects.filter(consent=self).forget()


class ConsentEvidenceQuerySet(AppendOnlyQuerySet):
    def forget(self) -> None:
        """Delete these for good, as only an erasure and the retention clock may."""
        models.QuerySet.delete(self)


class ConsentEvidence(AppendOnly):
    """Where an event came from. Personal data, which does not stay for ever."""

    consent = models.OneToOneField(Consent, models.DB_CASCADE, related_name="evidence")
    ip = models.GenericIPAddressField(_("IP address"), null=True)
    user_agent = models.CharField("browser", max_length=300, blank=True)
    source = models.CharField("page", max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = ConsentEvidenceQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return gettext("Evidence of consent event %(number)s") % {"number": self.consent_id}
