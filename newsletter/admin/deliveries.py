"""What became of an issue's mails: the troubled ones by the page, and all of them as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from newsletter.letters import Letter, Reader
from newsletter.models import Delivery, Issue

PAGE = 50
CHUNK = 5_000
WORDS = {
    "failed": _("Failed"),
    "unknown": _("Unknown"),
    "skipped": _("Skipped"),
}
COLUMNS = ["address", "status", "attempts", "settled at", "reply"]


@dataclass(frozen=True, slots=True)
class Trouble:
    delivery: Delivery
    # By which the mail server's log names it.
    message_id: str


@dataclass(frozen=True, slots=True)
class Troubles:
    """A page of the deliveries of one status. `after` leads to the next, empty at the end."""

    status: str
    rows: list[Trouble]
    after: str

    @classmethod
    def of(cls, issue: Issue, status: str, after: str) -> "Troubles":
        rows = Delivery.objects.filter(issue=issue, status=status).select_related("subscriber")
        rows = rows.filter(_beyond(after)).order_by("due_at", "pk")
        found = list(rows[: PAGE + 1])
        more = found[PAGE - 1] if len(found) > PAGE else None
        letter = Letter(issue.frozen_mail) if status == "unknown" and found else None
        return cls(
            status=status,
            rows=[Trouble(row, _message_id(letter, row)) for row in found[:PAGE]],
            after=f"{more.due_at.isoformat()}~{more.pk}" if more else "",
        )


def _beyond(after: str) -> Q:
    """Pages are found by where the last one ended, in the order of the index."""
    time, _, number = after.partition("~")
    try:
        due_at = datetime.fromisoformat(time)
    except ValueError:
        return Q()
    if timezone.is_naive(due_at) or not number.isdecimal() or len(number) > 18:
        return Q()
    later = Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=int(number))
    return Q(due_at__gte=due_at) & later


def _message_id(letter: Letter | None, row: Delivery) -> str:
    if letter is None:
        return ""
    reader = Reader(row.pk, row.subscriber.email, row.subscriber.token)
    return letter.message_id(reader).strip("<>")


def every_delivery(issue: Issue) -> Iterator[tuple[Any, ...]]:
    """The lines of a table, a chunk at a time, however many there are."""
    last = 0
    # By the unique pair of issue and reader, which is an index.
    rows = Delivery.objects.filter(issue=issue).order_by("subscriber_id")
    values = ("subscriber_id", "subscriber__email", "status", "attempts", "settled_at", "reply")
    while chunk := list(rows.filter(subscriber_id__gt=last).values_list(*values)[:CHUNK]):
        last = chunk[-1][0]
        for _pk, *line in chunk:
            yield tuple(line)
