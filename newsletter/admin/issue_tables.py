"""What became of issues, as tables: one line an issue, and day by day what was counted of one."""

from collections.abc import Iterator
from itertools import batched

from newsletter.models import CountedDay, Issue
from newsletter.models.counted import PICTURE
from newsletter.progress import Progress, progress_of
from newsletter.stats import counted, echo

CHUNK = 100
ISSUES = (
    "subject",
    "started at",
    "status",
    "readers",
    "sent",
    "failed",
    "skipped",
    "unknown",
    "waiting",
    "delivered",
    "bounced for good",
    "bounced for now",
    "complained",
    "unsubscribed within a week",
    "loads of the picture",
    "clicks",
)
COUNTED = ("date", "what", "address", "times")


def every_issue() -> Iterator[tuple[object, ...]]:
    """Those that were started, the newest first. What was not counted is left empty."""
    fields = ("subject", "status", "started_at", "frozen_at", "frozen_count")
    issues = Issue.objects.started().only(*fields).order_by("-started_at", "-pk")
    for chunk in batched(issues, CHUNK):
        numbers = progress_of(chunk)
        for issue in chunk:
            yield _line(issue, numbers[issue.pk])


def _line(issue: Issue, numbers: Progress) -> tuple[object, ...]:
    heard, counts = echo(issue), counted(issue)
    return (
        issue.subject,
        issue.started_at,
        numbers.label,
        numbers.total,
        numbers.sent,
        numbers.failed,
        numbers.skipped,
        numbers.unknown,
        numbers.waiting,
        heard.delivered,
        heard.hard,
        heard.soft,
        heard.complaints,
        heard.unsubscribed,
        counts.loads if counts else None,
        counts.clicks if counts else None,
    )


def every_count(issue: Issue) -> Iterator[tuple[object, ...]]:
    days = CountedDay.objects.filter(link__issue=issue).order_by("day", "link__number")
    for day, number, address, times in days.values_list(
        "day", "link__number", "link__address", "times"
    ):
        yield day, "Picture" if number == PICTURE else f"Link {number}", address, times
