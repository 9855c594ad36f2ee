"""What is done to a whole issue. Each function locks its row, so a double click is one click."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, ngettext

from blog.models import Post
from newsletter import installation, letters
from newsletter.clock import Now
from newsletter.models import Delivery, Issue, Odometer
from newsletter.sending.freezing import highest_subscriber

Status = Issue.Status
CANCELLED = gettext_noop("The issue was cancelled.")
CHUNK = 5_000


class NotNowError(Exception):
    """The issue is not in a state for that; the text says so to whoever asked."""


@transaction.atomic
def start(issue: Issue) -> None:
    """Freeze the mail and hand the issue to the worker; raises NotNowError."""
    locked = _lock(issue, Status.DRAFT, Status.SCHEDULED)
    if hidden := hidden_posts(locked):
        raise NotNowError(
            ngettext(
                "%(number)s of its posts cannot be seen by the public.",
                "%(number)s of its posts cannot be seen by the public.",
                hidden,
            )
            % {"number": hidden}
        )
    letters.freeze(locked)
    _write(
        issue,
        status=Status.SENDING,
        started_at=timezone.now(),
        frozen_to=highest_subscriber(),
        owner=installation.identity(),
        paused_because="",
    )


@transaction.atomic
def schedule(issue: Issue, at: datetime | None) -> None:
    """Send at a time, or where that is None the minute its posts are public."""
    locked = _lock(issue, Status.DRAFT, Status.SCHEDULED)
    if at is None and not locked.places.exists():
        raise NotNowError(gettext("It has no post to wait for."))
    _write(
        issue,
        status=Status.SCHEDULED,
        send_at=at,
        with_posts=at is None,
        owner=installation.identity(),
        paused_because="",
    )


@transaction.atomic
def back_to_draft(issue: Issue) -> None:
    _lock(issue, Status.SCHEDULED)
    _write(issue, status=Status.DRAFT, send_at=None, with_posts=False, paused_because="")


@transaction.atomic
def pause(issue: Issue) -> None:
    """Stop after the mails in flight."""
    _lock(issue, Status.SENDING)
    _write(issue, status=Status.PAUSED, paused_because="")


def pause_by_itself(issue: Issue, because: str) -> None:
    """Stop an issue that the mail server refuses, unless somebody stopped it already."""
    running = Issue.objects.running().filter(pk=issue.pk)
    running.update(status=Status.PAUSED, paused_because=because[:500])


@transaction.atomic
def resume(issue: Issue) -> None:
    """Go on, here: an issue that was held after a restore becomes this installation's own."""
    _lock(issue, Status.PAUSED, Status.SENDING)
    _write(issue, status=Status.SENDING, owner=installation.identity(), paused_because="")


@transaction.atomic
def cancel(issue: Issue) -> None:
    """Never send the rest. The worker writes that on each delivery that is left."""
    _lock(issue, Status.SCHEDULED, Status.SENDING, Status.PAUSED)
    _write(issue, status=Status.CANCELLED)


@transaction.atomic
def send_to_new(issue: Issue) -> None:
    """Freeze again, for whoever joined since; nobody gets a second mail."""
    locked = _lock(issue, Status.SENDING)
    if locked.frozen_at is None:
        raise NotNowError(gettext("Its readers are still being counted."))
    _write(issue, frozen_to=highest_subscriber(), frozen_through=0, frozen_at=None)


@transaction.atomic
def retry_failed(issue: Issue) -> int:
    """Let the failed wait again, with all their attempts; returns how many. Not the unknown."""
    _lock(issue, Status.SENDING, Status.PAUSED)
    failed = Delivery.objects.filter(issue=issue, status=Delivery.Status.FAILED)
    return failed.update(
        status=Delivery.Status.WAITING, attempts=0, due_at=Now(), settled_at=None, fence=None
    )


def resolve_as_sent(delivery: Delivery) -> bool:
    """Somebody found it in the mail server's log; False where it was not unknown any more."""
    unknown = Delivery.objects.unknown().filter(pk=delivery.pk)
    return bool(
        unknown.update(
            status=Delivery.Status.SENT, reply=gettext("Marked as sent by hand."), fence=None
        )
    )


def resolve_by_sending(delivery: Delivery) -> bool:
    """Send it once more, under the same Message-ID.

    False where it was not unknown any more, or its issue was cancelled.
    """
    kept = Issue.objects.exclude(status=Status.CANCELLED)
    unknown = Delivery.objects.unknown().filter(pk=delivery.pk, issue__in=kept)
    return bool(
        unknown.update(
            status=Delivery.Status.WAITING, attempts=0, due_at=Now(), settled_at=None, fence=None
        )
    )


def skip_cancelled() -> int:
    """Write on the deliveries of cancelled issues that they never leave; returns how many."""
    rest = Delivery.objects.filter(
        issue__in=Issue.objects.filter(status=Status.CANCELLED), status=Delivery.Status.WAITING
    )
    return Delivery.objects.filter(
        pk__in=rest.values("pk")[:CHUNK], status=Delivery.Status.WAITING
    ).update(status=Delivery.Status.SKIPPED, reply=gettext(CANCELLED), settled_at=Now())


def hidden_posts(issue: Issue) -> int:
    """How many of its posts the public may not see now, or were deleted."""
    shown = Post.objects.published().filter(issues=issue).distinct().count()
    return issue.places.count() - shown


def _lock(issue: Issue, *allowed: str) -> Issue:
    locked = Issue.objects.select_for_update().get(pk=issue.pk)
    if locked.status not in allowed:
        raise NotNowError(
            gettext("It is %(status)s.") % {"status": locked.get_status_display().lower()}
        )
    return locked


def _write(issue: Issue, **values: object) -> None:
    Issue.objects.filter(pk=issue.pk).update(**values)
    # What somebody decided must not be undone by a backup unnoticed.
    Odometer.objects.advance()
    issue.refresh_from_db()
