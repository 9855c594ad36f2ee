"""Mail to one subscriber about her own subscription."""

from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.models import Outgoing
from blog.models.outgoing import OutgoingQuerySet, outgoing_indexes
from newsletter.addresses import Address
from newsletter.models.subscriber import Subscriber, hash_address

# Whoever was asked longer ago is left alone, be the reminder switched on today.
REMINDED_WITHIN = timedelta(days=7)


class NoticeQuerySet(OutgoingQuerySet):
    def unanswered(self, *, days: int) -> "NoticeQuerySet":
        """Requests to confirm that were sent so many days ago, and no reminder since."""
        sent_by = timezone.now() - timedelta(days=days)
        asked = self.filter(
            kind=Notice.Kind.SIGN_UP,
            became=Notice.Became.CONFIRM,
            status=Notice.Status.SENT,
            settled_at__lte=sent_by,
            settled_at__gt=sent_by - REMINDED_WITHIN,
            subscriber__status=Subscriber.Status.PENDING,
        )
        reminders = Notice.objects.filter(
            kind=Notice.Kind.REMINDER, subscriber=OuterRef("subscriber")
        )
        return asked.exclude(Exists(reminders))


class Notice(Outgoing):
    """One such mail. What it says is decided when it is sent, not when it was asked for.

    A sign-up writes the same row for every address; only the worker, unseen, finds out whether
    it becomes a request to confirm, "you are already subscribed", or nothing.
    """

    class Kind(models.TextChoices):
        SIGN_UP = "sign_up", _("Sign-up")
        INVITATION = "invitation", _("Invitation after an import")
        REMINDER = "reminder", _("Reminder to confirm")
        WELCOME = "welcome", _("Welcome")
        DATA_LINK = "data_link", _("Link to one's data")
        NEW_ADDRESS = "new_address", _("Confirm a new address")
        ADDRESS_CHANGED = "address_changed", _("The address was changed")

    class Became(models.TextChoices):
        CONFIRM = "confirm", _("Request to confirm")
        INVITATION = "invitation", _("Invitation after an import")
        ALREADY = "already", _("You are already subscribed")
        WELCOME = "welcome", _("Welcome")
        DATA_LINK = "data_link", _("Link to one's data")
        NEW_ADDRESS = "new_address", _("Request to confirm a new address")
        ADDRESS_CHANGED = "address_changed", _("The address was changed")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    subscriber = models.ForeignKey(
        "newsletter.Subscriber",
        models.DB_CASCADE,
        related_name="notices",
        verbose_name=_("subscriber"),
    )
    # The sign-up that a confirmation would confirm, or has confirmed.
    consent = models.ForeignKey(
        "newsletter.Consent", models.DB_CASCADE, null=True, verbose_name=_("consent")
    )
    address_change = models.ForeignKey(
        "newsletter.AddressChange", models.DB_CASCADE, null=True, verbose_name=_("address change")
    )
    # Keyed hash of the visitor's network, for the limit; not the network itself.
    network = models.CharField(max_length=32, blank=True)
    # Which of Became, chosen just before it is sent: so that we count what a person was sent.
    became = models.CharField(_("became"), max_length=16, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail to a reader")
        verbose_name_plural = _("mail to readers")
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber"], condition=Q(kind="reminder"), name="notice_one_reminder"
            )
        ]
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
        return gettext("Address change of subscriber %(number)s") % {"number": self.subscriber_id}

    def is_open(self) -> bool:
        """Whether she still reads us at the old address, and has not moved since."""
        subscriber = self.subscriber
        still_there = subscriber.email == self.old_email
        return still_there and subscriber.status == Subscriber.Status.ACTIVE and not self.done_at

    def leads_to_free_address(self) -> bool:
        """Whether the new address may get our mail and is no active reader's already."""
        if Subscriber.objects.suppresses(hash_address(self.new_key)):
            return False
        leaving = [Subscriber.Status.PENDING, Subscriber.Status.UNSUBSCRIBED]
        others = Subscriber.objects.filter(key=self.new_key).exclude(pk=self.subscriber_id)
        return not others.exclude(status__in=leaving).exists()

    def carry_out(self) -> bool:
        """Move the subscription, as the new address was confirmed; False where it cannot be.

        What that address asked for earlier and never confirmed, or left, makes way.
        """
        try:
            return self._carry_out()
        except IntegrityError:  # somebody else took the address at this very moment
            return False

    @transaction.atomic
    def _carry_out(self) -> bool:
        involved = Q(pk=self.subscriber_id) | Q(key=self.new_key)
        # Locked in one order, so that two who trade addresses cannot wait for each other.
        locked = list(
            Subscriber.objects.select_for_update(of=("self",)).filter(involved).order_by("pk")
        )
        if not AddressChange.objects.filter(pk=self.pk).exists():  # she was erased meanwhile
            return False
        self.refresh_from_db()
        if not (self.is_open() and self.leads_to_free_address()):
            return False
        for other in locked:
            if other.pk != self.subscriber_id:
                other.erase()
        self.subscriber.move(Address(email=self.new_email, key=self.new_key))
        self.done_at = timezone.now()
        self.save(update_fields=["done_at"])
        kind = Notice.Kind.ADDRESS_CHANGED
        Notice.objects.create(kind=kind, subscriber=self.subscriber, address_change=self)
        return True
