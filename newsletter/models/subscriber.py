"""Who receives the newsletter."""

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.models import Category
from blog.prepared import Insert, Prepared, text
from newsletter.addresses import Address, masked
from newsletter.models.consent import AGREE, Consent
from newsletter.models.feedback import Feedback
from newsletter.models.import_batch import ImportBatch
from newsletter.models.permanent import PermanentError
from newsletter.models.secret import Secret
from newsletter.models.terms import Terms


def new_token() -> str:
    """A link token of 144 random bits in 24 characters."""
    return secrets.token_urlsafe(18)


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def receiving(self) -> "SubscriberQuerySet":
        """Those who may be sent an issue now."""
        return self.filter(status=Subscriber.Status.ACTIVE, suppressed_for="")

    def meant_by(self, issue: Any) -> "SubscriberQuerySet":
        """Those whom the issue's audience names, whatever their status."""
        if issue.audience == issue.Audience.EVERYONE:
            return self
        chosen = Subscriber.topics.through.objects.filter(
            subscriber=models.OuterRef("pk"), category__in=issue.categories.values("pk")
        )
        return self.filter(Q(receives_everything=True) | models.Exists(chosen))

    def stale(self) -> "SubscriberQuerySet":
        """Sign-ups that nobody confirmed for PENDING_DAYS, counted from the last attempt."""
        limit = timezone.now() - timedelta(days=settings.PENDING_DAYS)
        asked_since = Consent.objects.filter(subscriber=models.OuterRef("pk"), at__gte=limit)
        pending = self.filter(status=Subscriber.Status.PENDING, created_at__lt=limit)
        # A long list is asked over days or weeks: nobody on it is forgotten before her turn.
        waits = ImportBatch.objects.inviting().filter(pk=models.OuterRef("imported_in"))
        return pending.exclude(models.Exists(asked_since)).exclude(models.Exists(waits))

    def at(self, address: Address) -> "SubscriberQuerySet":
        return self.filter(key=address.key)

    def with_data_key(self, data_key: str) -> "SubscriberQuerySet":
        pk, _, start = data_key.partition("-")
        return self.filter(pk=pk, address_hash__startswith=start)

    def suppresses(self, address_hash: str) -> bool:
        """Whether mail to this address bounced or was complained about, even if erased since."""
        return bool(_suppressed(address_hash=address_hash))

    def entry(
        self, address: Address, address_hash: str, terms: Terms
    ) -> "Callable[[], Subscriber]":
        """Called, it returns the row of this address, locked; a pending one where there was none.

        Before that nothing is written, and all is worked out that does not need the database.
        """
        new = Subscriber(
            email=address.email,
            key=address.key,
            address_hash=address_hash,
            agreed_to_terms=True,
            terms=terms,
        )
        add = _enter.of(new)

        def enter() -> Subscriber:
            # One statement for new and known addresses alike, and no race between two of them.
            # Should the row be purged as stale between the two, the second round adds it.
            for _try in range(2):
                add()
                if found := _locked(key=address.key):
                    return found[0]
            raise Subscriber.DoesNotExist

        return enter

    @transaction.atomic
    def purge(self, *, most: int) -> int:
        """Forget up to `most` stale sign-ups with all that hangs on them; returns how many."""
        # Locked, so that nobody is forgotten who confirms at this moment.
        stale = self.stale().select_for_update(of=("self",)).order_by("pk")
        forgotten = [row.pk for row in stale[:most]]
        # What a mail service said of the mail that asked her; a database refuses to orphan it.
        Feedback.objects.filter(subscriber__in=forgotten).delete()
        return self.filter(pk__in=forgotten)._raw_delete_rows()

    def delete(self) -> tuple[int, dict[str, int]]:
        raise PermanentError(
            gettext("Subscribers are erased, not deleted: their consents stay provable.")
        )

    def _raw_delete_rows(self) -> int:
        _, deleted = super().delete()
        return deleted.get(Subscriber._meta.label, 0)

    delete.alters_data = True  # type: ignore[attr-defined]


def hash_address(key: str) -> str:
    """HMAC-SHA256 of a normalised address in hexadecimal, under a key kept in the database.

    All that an erased or suppressed address leaves behind.
    """
    return address_hasher()(key)


def address_hasher() -> Callable[[str], str]:
    """`hash_address` for many: the key is read once."""
    secret = Secret.objects.key("address-hash")
    return lambda key: hmac.digest(secret, key.encode(), "sha256").hex()


class Subscriber(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACTIVE = "active", _("Active")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Complained")
        ERASED = "erased", _("Erased")

    class Suppression(models.TextChoices):
        NONE = "", _("Not suppressed")
        BOUNCE = "bounce", _("Mail to it bounced for good")
        COMPLAINT = "complaint", _("Its owner complained")

    # As it goes on the wire: the domain in ASCII, the local part as it was typed.
    email = models.EmailField(_("address"), max_length=254, blank=True)
    # What makes two spellings one subscriber; empty once erased.
    key = models.CharField(max_length=254, unique=True, null=True, editable=False)
    address_hash = models.CharField(max_length=64, db_index=True, editable=False)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PENDING)
    agreed_to_terms = models.BooleanField(_("agreed to terms"), default=False)
    # DO_NOTHING leaves it to the database to refuse: terms that somebody agreed to stay.
    terms = models.ForeignKey(
        Terms, models.DO_NOTHING, null=True, related_name="subscribers", verbose_name=_("terms")
    )
    receives_everything = models.BooleanField(
        _("receives everything"), default=True, help_text=_("Every issue, whatever it is about.")
    )
    topics = models.ManyToManyField(
        "blog.Category", blank=True, related_name="subscribers", verbose_name=_("topics")
    )
    suppressed_for = models.CharField(
        _("mail is stopped"),
        max_length=10,
        choices=Suppression,
        default=Suppression.NONE,
        blank=True,
        editable=False,
    )
    # The import that brought her in, where one did.
    imported_in = models.ForeignKey(
        ImportBatch,
        models.DO_NOTHING,
        null=True,
        db_index=False,
        editable=False,
        related_name="subscribers",
        verbose_name=_("imported in"),
    )
    # In the links at the foot of every mail. It never expires, and can only change topics or
    # unsubscribe. It outlives an erasure so that an old link still gets a polite answer.
    token = models.CharField(max_length=24, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True, editable=False)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("erase_subscriber", _("Can erase subscribers")),
            ("lift_suppression", _("Can lift a bounce or a complaint")),
            ("export_subscriber", _("Can export subscribers")),
            ("import_subscriber", _("Can import subscribers")),
        ]
        # The newsroom's list is walked newest first until a page is full. What else it can be
        # narrowed by stands at the end, so that nobody is looked up only to be left out.
        indexes = [
            models.Index(
                fields=["-created_at", "-id", "key", "status", "terms", "receives_everything"],
                name="subscriber_newest",
            ),
            models.Index(
                fields=["status", "-created_at", "-id", "key", "terms", "receives_everything"],
                name="subscriber_by_status",
            ),
            models.Index(
                fields=["terms", "-created_at", "-id", "key", "status", "receives_everything"],
                name="subscriber_by_terms",
            ),
            # For counting the readers.
            models.Index(fields=["status", "suppressed_for"], name="subscriber_receiving"),
            models.Index(
                fields=["imported_in", "id"],
                name="subscriber_by_import",
                condition=Q(imported_in__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "active",
                        "unsubscribed",
                        "bounced",
                        "complained",
                        "erased",
                    ]
                ),
                name="subscriber_status_known",
            ),
            models.CheckConstraint(
                # Whom an import brought in without a consent is asked, and agrees when she
                # confirms; until then she gets nothing else. Nobody else has not agreed.
                condition=Q(agreed_to_terms=True, terms__isnull=False)
                | Q(agreed_to_terms=False, terms__isnull=True)
                & (Q(status="erased") | (Q(imported_in__isnull=False) & ~Q(status="active"))),
                name="subscriber_agreed_to_terms",
            ),
            models.CheckConstraint(
                condition=Q(status="erased", email="", key__isnull=True)
                | (~Q(status="erased") & ~Q(email="") & Q(key__isnull=False)),
                name="subscriber_erased_has_no_address",
            ),
        ]

    def __str__(self) -> str:
        return self.email or gettext("Erased subscriber %(number)s") % {"number": self.pk}

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise PermanentError(
            gettext("Subscribers are erased, not deleted: their consents stay provable.")
        )

    @transaction.atomic
    def confirm(self, request: Consent) -> bool:
        """Follow the sign-up that `request` recorded; False where that was done before.

        Only a person who reads the mail at this address gets here, so from now on the row says
        what she asked for: her terms, her topics, and active.
        """
        if not self._lock().may_confirm(request):
            return False
        self.status = self.Status.ACTIVE
        self.terms = Terms.objects.get(version=request.terms_version)
        self.agreed_to_terms = True
        self.receives_everything = request.receives_everything
        self.confirmed_at = timezone.now()
        self.save()
        self.topics.set(Category.objects.known_as(request.topics))
        if request.event == Consent.Event.INVITED:
            self._log(Consent.Event.TERMS_AGREED, wording=gettext(AGREE))
        self._log(Consent.Event.CONFIRMED)
        return True

    def may_confirm(self, request: Consent) -> bool:
        """Whether the sign-up still waits for its confirmation."""
        if self.status not in {self.Status.PENDING, self.Status.UNSUBSCRIBED}:
            return False
        if Subscriber.objects.suppresses(self.address_hash):
            return False
        # A link from before she left must not bring her back.
        return self.unsubscribed_at is None or request.at > self.unsubscribed_at

    @transaction.atomic
    def choose(self, *, everything: bool, topics: list) -> bool:
        """Receive everything, or only the given categories; False where she gets nothing."""
        if self._lock().status != self.Status.ACTIVE:
            return False
        self.receives_everything = everything
        self.save(update_fields=["receives_everything"])
        self.topics.set(topics)
        self._log(Consent.Event.TOPICS_CHANGED)
        return True

    @transaction.atomic
    def move(self, address: Address) -> None:
        """Take the subscription to an address that its owner confirmed."""
        self._lock()
        self.email, self.key = address.email, address.key
        self.address_hash = hash_address(address.key)
        self.save(update_fields=["email", "key", "address_hash"])
        self._log(Consent.Event.ADDRESS_CHANGED)

    @transaction.atomic
    def unsubscribe(self) -> bool:
        """Stop all issues; False where there was nothing to stop."""
        if not self._lock().is_on_the_list:
            return False
        self.status = self.Status.UNSUBSCRIBED
        self.unsubscribed_at = timezone.now()
        self.save(update_fields=["status", "unsubscribed_at"])
        self._log(Consent.Event.UNSUBSCRIBED)
        return True

    @transaction.atomic
    def suppress(self, reason: "Subscriber.Suppression") -> None:
        """Mail to this address must stop: it bounced for good, or its owner complained."""
        if self._lock().status == self.Status.ERASED:
            return
        bounced = reason == self.Suppression.BOUNCE
        self.status = self.Status.BOUNCED if bounced else self.Status.COMPLAINED
        self.suppressed_for = reason
        self.save(update_fields=["status", "suppressed_for"])
        self._log(Consent.Event.BOUNCED if bounced else Consent.Event.COMPLAINED)

    @transaction.atomic
    def lift(self, reason: str) -> None:
        """Let the address opt in again. It stays off the list until its owner confirms."""
        self._lock()
        if self.status in {self.Status.BOUNCED, self.Status.COMPLAINED}:
            self.status = self.Status.UNSUBSCRIBED
            self.unsubscribed_at = timezone.now()
        self.suppressed_for = self.Suppression.NONE
        self.save(update_fields=["status", "suppressed_for", "unsubscribed_at"])
        self._log(Consent.Event.LIFTED, reason)

    @transaction.atomic
    def erase(self) -> None:
        """Forget the person. What stays: a keyed hash of the address and the nameless log."""
        if self._lock().status == self.Status.ERASED:
            return
        self.notices.all().delete()
        self.address_changes.all().delete()
        for consent in self.consents.all():
            consent.forget_evidence()
        self.topics.clear()
        self._log(Consent.Event.ERASED)
        self.status = self.Status.ERASED
        self.email, self.key, self.agreed_to_terms, self.terms = "", None, False, None
        self.confirmed_at = self.unsubscribed_at = None
        self.save()

    @property
    def is_on_the_list(self) -> bool:
        """Whether there is anything to unsubscribe from."""
        return self.status in {self.Status.ACTIVE, self.Status.PENDING}

    @property
    def receives_something(self) -> bool:
        """Whether there is anything that she could get; topics may have been deleted."""
        return self.receives_everything or self.topics.exists()

    def may_be_mailed(self) -> bool:
        """Whether anything at all may go to this address, be it a request to confirm."""
        stopped = {self.Status.BOUNCED, self.Status.COMPLAINED, self.Status.ERASED}
        return self.status not in stopped and not Subscriber.objects.suppresses(self.address_hash)

    @property
    def masked_email(self) -> str:
        return masked(self.email)

    @property
    def data_key(self) -> str:
        """Names this row for as long as its address stays: what a link to one's data signs."""
        return f"{self.pk}-{self.address_hash[:16]}"

    def _lock(self) -> "Subscriber":
        """Read the row again and keep it, so that two clicks cannot both be the first."""
        self.refresh_from_db(from_queryset=Subscriber.objects.select_for_update(of=("self",)))
        return self

    def _log(self, event: "Consent.Event", wording: str = "") -> None:
        Consent.objects.create(
            subscriber=self,
            event=event,
            wording=wording,
            terms_version=self.terms.version if self.terms else "",
            terms_hash=self.terms.text_hash if self.terms else "",
            receives_everything=self.receives_everything,
            topics=list(self.topics.order_by("slug").values_list("slug", flat=True)),
        )


_enter = Insert(Subscriber, unless_there=True)


@Prepared
def _locked() -> models.QuerySet[Subscriber]:
    return Subscriber.objects.select_for_update(of=("self",)).filter(key=text("key")).order_by()


@Prepared
def _suppressed() -> models.QuerySet[Subscriber]:
    rows = Subscriber.objects.filter(address_hash=text("address_hash"))
    return rows.exclude(suppressed_for="").order_by()[:1]
