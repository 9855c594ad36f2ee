"""The ledger: one row for each issue and reader. Only newsletter/sending.py changes a row's state.

docs/sending.md says what each state means and what a crash leaves behind.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from newsletter.clock import Now


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> "DeliveryQuerySet":
        """Not settled yet: the issue is not finished while there is one."""
        return self.filter(status__in=["waiting", "claimed", "sending"])

    def due(self) -> "DeliveryQuerySet":
        """What a worker may claim now."""
        return self.filter(status=Delivery.Status.WAITING, due_at__lte=Now())

    def abandoned(self) -> "DeliveryQuerySet":
        """Held by a worker that did not renew its lease: it is dead, or as good as dead."""
        held = [Delivery.Status.CLAIMED, Delivery.Status.SENDING]
        return self.filter(status__in=held, leased_until__lt=Now())

    def unknown(self) -> "DeliveryQuerySet":
        return self.filter(status=Delivery.Status.UNKNOWN)


class Delivery(models.Model):
    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CLAIMED = "claimed", _("Claimed")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Skipped")
        UNKNOWN = "unknown", _("Unknown")

    # DO_NOTHING leaves it to the database to refuse: the ledger outlives whoever tidies up.
    issue = models.ForeignKey(
        "newsletter.Issue", models.DO_NOTHING, related_name="deliveries", db_index=False
    )
    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.DO_NOTHING, related_name="deliveries"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0, default=0)
    # Who holds the row: 63 random bits a claim, and until when, on the database's clock.
    fence = models.BigIntegerField(null=True)
    leased_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    # The server's last words, or why it was skipped. Never an address.
    reply = models.CharField(max_length=300, db_default="", default="", blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["issue", "subscriber"], name="delivery_once_a_reader"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "waiting",
                        "claimed",
                        "sending",
                        "sent",
                        "failed",
                        "skipped",
                        "unknown",
                    ]
                ),
                name="delivery_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["claimed", "sending"])
                | Q(fence__isnull=False, leased_until__isnull=False),
                name="delivery_held_by_somebody",
            ),
        ]
        indexes = [
            # Claims, and the counts of an issue.
            models.Index(fields=["issue", "status", "due_at"], name="delivery_by_status"),
            models.Index(
                fields=["leased_until"],
                name="delivery_held",
                condition=Q(status__in=["claimed", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return gettext("Delivery %(number)s (%(status)s)") % {
            "number": self.pk,
            "status": self.get_status_display(),
        }
