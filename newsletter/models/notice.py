"""Mail to one subscriber about her own subscription."""

from django.db import models
from django.utils import timezone

from blog.models import Outgoing
from blog.models.outgoing import OutgoingQuerySet, outgoing_indexes


class Notice(Outgoing):
    """One such mail. What it says is decided when it is sent, not when it was asked for.

    A sign-up writes the same row for every address; only the worker, unseen, finds out whether
    it becomes a request to confirm, "you are already subscribed", or nothing.
    """

    class Kind(models.TextChoices):
        SIGN_UP = "sign_up", "Sign-up"
        DATA_LINK = "data_link", "Link to one's data"
        NEW_ADDRESS = "new_address", "Confirm a new address"
        ADDRESS_CHANGED = "address_changed", "The address was changed"

    kind = models.CharField(max_length=16, choices=Kind)
    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.DB_CASCADE, related_name="notices"
    )
    # The sign-up that a confirmation would confirm.
    consent = models.ForeignKey("newsletter.Consent", models.DB_CASCADE, null=True)
    address_change = models.ForeignKey("newsletter.AddressChange", models.DB_CASCADE, null=True)
    # Keyed hash of the visitor's network, for the limit; not the network itself.
    network = models.CharField(max_length=32, blank=True)
    # What it became: "confirm" or "already", to count how many of them a person was sent.
    became = models.CharField(max_length=16, blank=True)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        indexes = [
            *outgoing_indexes("notice"),
            models.Index(fields=["subscriber", "became", "settled_at"], name="notice_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_status_display()})"


class AddressChange(models.Model):
    """A wish to move to another address, until the new one is confirmed."""

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.DB_CASCADE, related_name="address_changes"
    )
    old_email = models.EmailField(max_length=254)
    new_email = models.EmailField(max_length=254)
    new_key = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Address change of subscriber {self.subscriber_id}"
