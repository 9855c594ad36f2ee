"""What came back about a mail after it had left: bounces, complaints, word of its delivery."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def soft(self) -> "FeedbackQuerySet":
        return self.filter(kind=Feedback.Kind.SOFT)


class Feedback(models.Model):
    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        SOFT = "soft", _("Bounced for now")
        HARD = "hard", _("Bounced for good")
        COMPLAINT = "complaint", _("Complained")

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.DO_NOTHING, related_name="feedback"
    )
    # Which mail it is about; a provider may only know the address.
    delivery = models.ForeignKey(
        "newsletter.Delivery", models.DO_NOTHING, null=True, related_name="feedback"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    # Names the event: told twice, it is written down once.
    key = models.CharField(max_length=80, unique=True)
    # What the other server said. Never an address.
    detail = models.CharField(max_length=300, blank=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("feedback")
        indexes = [models.Index(fields=["at"], name="feedback_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["delivered", "soft", "hard", "complaint"]),
                name="feedback_kind_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"
