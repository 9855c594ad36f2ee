"""Every change of a delivery's state. Nobody else writes `status`, `fence` or `leased_until`.

Each write names the fence it was claimed under: a worker that was taken for dead and comes back
finds that its rows are somebody else's, and writes nothing.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.db.models.sql import UpdateQuery

from newsletter import feedback
from newsletter.models import Delivery, Feedback, Issue, Subscriber
from newsletter.models.delivery import DeliveryQuerySet
from newsletter.sending import clock, rates
from newsletter.sending.verdicts import Blame, Verdict

Status = Delivery.Status
# Where an answer still says what became of the mail, and the next mark may still be set: in this
# worker's hands, or taken for dead while it waited for the database.
HELD = [Status.CLAIMED, Status.SENDING, Status.UNKNOWN]
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
    rows = mine.filter(_still_subscribed()).order_by("due_at", "pk")
    columns = rows.values_list("pk", "attempts", "subscriber__email", "subscriber__token")
    claims = [Claim(fence, *row) for row in columns]
    if len(claims) < taken:
        _skip_the_gone(mine)
    return claims


def commit(outcomes: Sequence[Outcome], wanted: Sequence[Claim]) -> tuple[set[int], set[int]]:
    """Settle what is over and mark what may leave now, in one transaction.

    Returns the deliveries that may leave, and those that must not leave at all; what is in neither
    waits for its place in the rate.
    """
    with transaction.atomic():
        _settle(outcomes)
        places = list(wanted)[: rates.take(len(wanted))] if wanted else []
        marked = _mark(places) if places else set()
        return marked, {claim.delivery for claim in places} - marked


def _mark(claims: list[Claim]) -> set[int]:
    """Write `sending` for those whose issue still runs and whose reader still wants it.

    A row that says so already is marked once more: a connection to the database may end after the
    commit and before its answer, and then the worker, which let nothing go yet, asks again. So is
    one whose lease ran out meanwhile: nobody doubts what has not left.
    """
    sql, parameters = _marking(connection.vendor, lease())
    keys, fences = [claim.delivery for claim in claims], {claim.fence for claim in claims}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} AND id IN ({_places(keys)}) AND fence IN ({_places(fences)}) RETURNING id",
            [*parameters, *keys, *fences],
        )
        marked = {key for (key,) in cursor.fetchall()}
    if len(marked) < len(claims):
        _skip_the_gone(Delivery.objects.filter(pk__in=keys, fence__in=fences, status__in=HELD))
    return marked


@cache
def _marking(vendor: str, lease: timedelta) -> tuple[str, tuple[Any, ...]]:
    """An UPDATE that still lacks which rows: to compile it takes longer than to carry it out."""
    running = Exists(Issue.objects.running().filter(pk=OuterRef("issue")))
    rows = Delivery.objects.filter(running, _still_subscribed(), status__in=HELD)
    update = cast(UpdateQuery, rows.query.chain(UpdateQuery))
    update.add_update_values({"status": Status.SENDING, "leased_until": Now() + lease})
    return update.get_compiler(connection=connection).as_sql()


def _places(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _table() -> str:
    return connection.ops.quote_name(Delivery._meta.db_table)


@cache
def _now(vendor: str) -> str:
    """The database's own clock, in its own words."""
    compiler = Delivery.objects.all().query.get_compiler(connection=connection)
    return compiler.compile(Now())[0]


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
    """Write down what became of mails. An answer that comes after its lease ran out counts too."""
    ended: dict[tuple[Status, int], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.verdict.status == Status.WAITING:
            _put_off(outcome)
        else:
            ended.setdefault((outcome.verdict.status, outcome.claim.fence), []).append(outcome)
    for (status, fence), these in ended.items():
        _end(status, fence, these)
    for outcome in outcomes:
        if outcome.verdict.bounce:
            _note_bounce(outcome)


def _end(status: Status, fence: int, outcomes: Sequence[Outcome]) -> None:
    """All that were claimed together and ended alike, by one statement."""
    now = _now(connection.vendor)
    rows = ", ".join(["(%s, %s)"] * len(outcomes))
    ended: list[Any] = []
    for outcome in outcomes:
        ended += (outcome.claim.delivery, outcome.verdict.reply[:300])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH ended (id, reply) AS (VALUES {rows})"  # noqa: S608
            f" UPDATE {_table()} AS row SET status = %s, reply = ended.reply,"
            f" settled_at = {now}, due_at = {now} FROM ended"
            f" WHERE row.id = ended.id AND row.fence = %s AND row.status IN ({_places(HELD)})",
            [*ended, str(status), fence, *HELD],
        )


def _put_off(outcome: Outcome) -> None:
    claim, verdict = outcome.claim, outcome.verdict
    Delivery.objects.filter(pk=claim.delivery, fence=claim.fence, status__in=HELD).update(
        status=Status.WAITING,
        reply=verdict.reply[:300],
        settled_at=None,
        due_at=clock.now() + verdict.after,
    )


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
