"""How far issues are, as plain values that any page can show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext

from blog.models import Heartbeat
from newsletter.clock import Now
from newsletter.models import Delivery, Issue
from newsletter.sending.sender import AWAY, TAKING

Status = Delivery.Status
OPEN = {Status.WAITING, Status.CLAIMED, Status.SENDING}
SENT = "sent"
# Mails that left in the last of these count for the rate: a minute, or an hour where that is slow.
WINDOWS = (timedelta(minutes=1), timedelta(hours=1))
FEW = 10
# While something waits, a missing mail server is looked for every minute.
TRIED_WITHIN = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Progress:
    """An issue's status, or "sent" where all of it is settled; and its deliveries in numbers."""

    state: str
    label: str
    total: int
    sent: int
    failed: int
    skipped: int
    unknown: int
    waiting: int

    @property
    def in_numbers(self) -> str:
        """`1,204 of 2,044`."""
        sent, total = (
            number_format(count, force_grouping=True) for count in (self.sent, self.total)
        )
        return gettext("%(sent)s of %(total)s") % {"sent": sent, "total": total}

    @property
    def settled(self) -> int:
        return self.total - self.waiting


def progress(issue: Issue) -> Progress:
    return progress_of([issue])[issue.pk]


def progress_of(issues: Iterable[Issue]) -> dict[int, Progress]:
    """One query for all of them, that walks past the sent: of those there may be a million.

    The sent are what is left of the frozen count, which the ledger always adds up to.
    """
    issues = list(issues)
    others = [status for status in Status.values if status != Status.SENT]
    started = [issue.pk for issue in issues if issue.has_started]
    rows = Delivery.objects.filter(issue__in=started, status__in=others).order_by()
    counted = {
        (issue, status): number
        for issue, status, number in rows.values_list("issue", "status").annotate(Count("pk"))
    }
    return {issue.pk: _progress(issue, counted) for issue in issues}


def _progress(issue: Issue, counted: dict[tuple[int, str], int]) -> Progress:
    failed, skipped, unknown = (
        counted.get((issue.pk, status), 0)
        for status in (Status.FAILED, Status.SKIPPED, Status.UNKNOWN)
    )
    waiting = sum(counted.get((issue.pk, status), 0) for status in OPEN)
    state, label = issue.status, issue.get_status_display()
    if state == Issue.Status.SENDING and issue.frozen_at and not waiting:
        state, label = SENT, gettext("Sent")
    return Progress(
        state=state,
        label=label,
        total=issue.frozen_count,
        # Never below nothing while the freeze goes on between the two queries.
        sent=max(0, issue.frozen_count - waiting - failed - skipped - unknown),
        failed=failed,
        skipped=skipped,
        unknown=unknown,
        waiting=waiting,
    )


def rate(issue: Issue) -> float:
    """Mails a second that the server takes just now."""
    running_for = timezone.now() - (issue.started_at or timezone.now())
    for window in WINDOWS:
        # A settled row keeps in `due_at` when that was, so that the index alone answers this.
        sent = Delivery.objects.filter(issue=issue, status=Status.SENT, due_at__gt=Now() - window)
        number = sent.count()
        if number >= FEW or window == WINDOWS[-1]:
            return number / max(min(window, running_for).total_seconds(), 1.0)
    return 0.0


def server_is_away() -> bool:
    """Whether the worker found no mail server when it last looked for one."""
    seen = dict(Heartbeat.objects.filter(name__in=[AWAY, TAKING]).values_list("name", "seen_at"))
    away, taking = seen.get(AWAY), seen.get(TAKING)
    if away is None or away < timezone.now() - TRIED_WITHIN:
        return False
    return taking is None or taking < away
