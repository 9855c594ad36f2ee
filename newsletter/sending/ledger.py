"""Every change of a delivery's state. Nobody else writes `status`, `fence` or `leased_until`.

Each write names the fence it was claimed under: a worker that was taken for dead and comes back
finds that its rows are somebody else's, and writes nothing.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from newsletter import feedback
from newsletter.models import Delivery, Feedback, Issue, Subscriber
from newsletter.models.delivery import DeliveryQuerySet
from newsletter.sending import clock, rates
from newsletter.sending.verdicts import Blame, Verdict

Status = Delivery.Status
ABANDONED = "The worker ended while the mail was on its way."
NOT_SUBSCRIBED = "No longer subscribed when the turn came."


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in this worker's hands, and what it needs to be written."""

    fence: int
    delivery: int
    attempts: int
    email: str
    token: str


@dataclass(frozen=True, slots=True)
class Outcome:
    claim: Claim
    verdict: Verdict


def has_due(issue: Issue) -> bool:
    return Delivery.objects.filter(issue=issue).due().exists()


def lease() -> timedelta:
    return timedelta(seconds=settings.SEND_LEASE)


@transaction.atomic
def claim(issue: Issue, most: int) -> list[Claim]:
    """Take up to `most` rows that are due; what another worker holds is passed over."""
    fence = secrets.randbits(63)
    due = Delivery.objects.filter(issue=issue).due().order_by("due_at")
    # Read first: as a part of the UPDATE, PostgreSQL may ask again for each row, pass over what it
    # locked itself, and so take all there is.
    free = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:most])
    taken = Delivery.objects.filter(pk__in=free, status=Status.WAITING).update(
        status=Status.CLAIMED,
        fence=fence,
        leased_until=Now() + lease(),
        attempts=F("attempts") + 1,
    )
    if not taken:
        return []
    mine = Delivery.objects.filter(issue=issue, status=Status.CLAIMED, fence=fence)
    _skip_the_gone(mine)
    rows = mine.order_by("due_at", "pk").values_list(
        "pk", "attempts", "subscriber__email", "subscriber__token"
    )
    return [Claim(fence, *row) for row in rows]


def commit(
    issue: Issue, outcomes: Sequence[Outcome], wanted: Sequence[Claim]
) -> tuple[set[int], set[int]]:
    """Settle what is over and mark what may leave now, in one transaction.

    Returns the deliveries that may leave, and those that must not leave at all; what is in neither
    waits for its place in the rate.
    """
    with transaction.atomic():
        _settle(outcomes)
        if not wanted:
            return set(), set()
        places = list(wanted)[: rates.take(len(wanted))]
        marked = _mark(issue, places)
        return marked, {claim.delivery for claim in places} - marked


def _mark(issue: Issue, claims: list[Claim]) -> set[int]:
    """Write `sending` for those whose issue still runs and whose reader still wants it.

    A row that says so already is marked once more: a connection to the database may end after the
    commit and before its answer, and then the worker, which let nothing go yet, asks again. So is
    one whose lease ran out meanwhile: nobody doubts what has not left.
    """
    keys = [claim.delivery for claim in claims]
    held = Delivery.objects.filter(pk__in=keys, fence__in={claim.fence for claim in claims})
    mine = held.filter(status__in=[Status.CLAIMED, Status.SENDING, Status.UNKNOWN])
    still_running = Exists(Issue.objects.running().filter(pk=OuterRef("issue")))
    wanted = mine.filter(still_running, _still_subscribed())
    marked = wanted.update(status=Status.SENDING, leased_until=Now() + lease())
    if marked == len(claims):
        return set(keys)
    _skip_the_gone(mine)
    sending = Delivery.objects.filter(
        pk__in=keys, fence__in={claim.fence for claim in claims}, status=Status.SENDING
    )
    return set(sending.values_list("pk", flat=True))


def _still_subscribed() -> Exists:
    """Asked of each row by itself: as "in (…)" SQLite would gather all subscribers for it."""
    return Exists(Subscriber.objects.receiving().filter(pk=OuterRef("subscriber")))


def _skip_the_gone(claimed: DeliveryQuerySet) -> None:
    """Who left since the freeze gets nothing."""
    claimed.filter(~_still_subscribed()).update(
        status=Status.SKIPPED,
        reply=NOT_SUBSCRIBED,
        settled_at=Now(),
        fence=None,
        leased_until=None,
    )


def _settle(outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    now = clock.now()
    stamp = connection.ops.adapt_datetimefield_value
    table = connection.ops.quote_name(Delivery._meta.db_table)
    with connection.cursor() as cursor:
        # An answer that comes after the lease ran out still says what became of the mail.
        cursor.executemany(
            f"UPDATE {table} SET status = %s, reply = %s, settled_at = %s, due_at = %s"  # noqa: S608
            f" WHERE id = %s AND fence = %s AND status IN ('claimed', 'sending', 'unknown')",
            [
                (
                    outcome.verdict.status,
                    outcome.verdict.reply[:300],
                    None if outcome.verdict.status == Status.WAITING else stamp(now),
                    stamp(now + outcome.verdict.after),
                    outcome.claim.delivery,
                    outcome.claim.fence,
                )
                for outcome in outcomes
            ],
        )
    for outcome in outcomes:
        if outcome.verdict.bounce:
            _note_bounce(outcome)


def _note_bounce(outcome: Outcome) -> None:
    """What the server said of a recipient counts like a report that comes back later."""
    delivery = Delivery.objects.select_related("subscriber").get(pk=outcome.claim.delivery)
    feedback.note(
        Feedback.Kind.HARD if outcome.verdict.blame is Blame.READER else Feedback.Kind.SOFT,
        delivery.subscriber,
        delivery=delivery,
        key=f"smtp {outcome.claim.delivery} {outcome.claim.fence}",
        detail=outcome.verdict.reply,
    )


def renew(issue: Issue, fences: Iterable[int]) -> None:
    """This worker is alive: what it holds stays its own for another lease."""
    held = Delivery.objects.filter(
        issue=issue, fence__in=set(fences), status__in=[Status.CLAIMED, Status.SENDING]
    )
    held.update(leased_until=Now() + lease())


def give_back(issue: Issue, claims: Sequence[Claim]) -> None:
    """Put what was claimed and never tried back, as if nothing had been."""
    mine = Delivery.objects.filter(
        issue=issue,
        pk__in=[claim.delivery for claim in claims],
        fence__in={claim.fence for claim in claims},
        status=Status.CLAIMED,
    )
    mine.update(status=Status.WAITING, fence=None, leased_until=None, attempts=F("attempts") - 1)


@transaction.atomic
def take_from_the_dead() -> int:
    """End the leases that ran out; returns how many rows changed.

    What was only claimed waits again. What was being sent may have arrived: nobody knows.
    """
    abandoned = Delivery.objects.abandoned()
    again = [Status.CLAIMED, *([Status.SENDING] if settings.SEND_UNKNOWN_AGAIN else [])]
    freed = abandoned.filter(status__in=again).update(
        status=Status.WAITING, fence=None, leased_until=None, due_at=Now()
    )
    return freed + abandoned.filter(status=Status.SENDING).update(
        status=Status.UNKNOWN, reply=ABANDONED, settled_at=Now()
    )
