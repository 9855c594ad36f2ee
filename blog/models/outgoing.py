"""Mail to one person that must not be forgotten: a row first, a task only as a nudge.

States: waiting → sent | failed | skipped. A worker takes a waiting row by setting `claimed_until`
(its lease); if it dies, the lease runs out and the row is due again, under the same Message-ID.
docs/outgoing-mail.md says what happens in each gap.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog.prepared import Update, moment, number, text

LEASE = timedelta(minutes=5)


class OutgoingQuerySet(models.QuerySet):
    def waiting(self) -> "OutgoingQuerySet":
        return self.filter(status=Outgoing.Status.WAITING)

    def due(self, now: Any = None) -> "OutgoingQuerySet":
        """What a worker may take now: due, and in nobody's hands."""
        now = now or timezone.now()
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        return self.waiting().filter(free, due_at__lte=now)

    def overlooked(self) -> "OutgoingQuerySet":
        """Due for some seconds already: the nudge was lost, or it was postponed until now."""
        return self.due().filter(due_at__lte=timezone.now() - timedelta(seconds=3))

    def claim(self, row: "Outgoing") -> bool:
        """Take one row for five minutes; False where another worker was first."""
        now = timezone.now()
        until = now + LEASE
        changed = _claim(self.model, pk=row.pk, attempts=row.attempts, now=now, until=until)
        if changed:
            row.attempts += 1
            row.claimed_until = until
        return bool(changed)


class Outgoing(models.Model):
    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Skipped")

    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    # What the mail server said last, or why the mail was skipped. Never an address or a token.
    reply = models.CharField(_("reply"), max_length=500, blank=True)
    # The left half of the Message-ID, the same for every attempt.
    message_id = models.CharField(
        _("message id"), max_length=64, default=secrets.token_hex, unique=True
    )

    class Meta:
        abstract = True

    def settle(self, status: "Outgoing.Status", reply: str = "") -> bool:
        """Write the outcome, unless another worker has taken the row over since."""
        return self._write(_settle, status=status, reply=reply[:500], now=timezone.now())

    def postpone(self, until: datetime, reply: str = "") -> bool:
        """Put the row back; it is due again at `until`."""
        return self._write(_postpone, until=until, reply=reply[:500])

    def _write(self, change: Update, **values: object) -> bool:
        return bool(change(type(self), pk=self.pk, attempts=self.attempts, **values))


def _as_claimed(model: type[Outgoing]) -> OutgoingQuerySet:
    """One row, as it was when it was claimed or before."""
    rows: Any = model._default_manager
    return rows.waiting().filter(pk=number("pk"), attempts=number("attempts"))


_claim = Update(
    lambda model: _as_claimed(model).due(moment("now")),
    claimed_until=moment("until"),
    attempts=F("attempts") + 1,
)
_settle = Update(
    _as_claimed,
    status=text("status"),
    reply=text("reply"),
    settled_at=moment("now"),
    claimed_until=None,
)
_postpone = Update(_as_claimed, due_at=moment("until"), reply=text("reply"), claimed_until=None)


def outgoing_indexes(name: str) -> list[models.Index]:
    """The indexes every table of outgoing mail needs; names must differ between tables."""
    return [
        models.Index(fields=["due_at"], name=f"{name}_due", condition=Q(status="waiting")),
        models.Index(fields=["settled_at"], name=f"{name}_settled"),
    ]


class AccountMail(Outgoing):
    """A mail about somebody's account: an invitation, or a way back in.

    `author` is empty where the address that somebody typed belongs to nobody: asking for a
    password then writes the same row and only the worker, unseen, sends nothing.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        PASSWORD_RESET = "reset", _("Password reset")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    author = models.ForeignKey(
        "blog.Author", models.CASCADE, null=True, related_name="+", verbose_name=_("author")
    )

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail to an author")
        verbose_name_plural = _("mail to authors")
        indexes = outgoing_indexes("accountmail")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_status_display()})"
