"""Every change of a delivery's state. Nobody else writes `status`, `fence` or `leased_until`.

Each write names the fence it was claimed under: a worker that was taken for dead and comes back
finds that its rows are somebody else's, and writes nothing.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import chain
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.sql import UpdateQuery
from django.utils.translation import gettext, gettext_noop

from newsletter import clock, feedback
from newsletter.clock import Now
from newsletter.models import Delivery, Feedback, Issue, Subscriber
from newsletter.models.delivery import DeliveryQuerySet
from newsletter.models.odometer import Reading
from newsletter.sending import memory, rates
from newsletter.sending.verdicts import Blame, Verdict

Status = Delivery.Status
# Where an answer still says what became of the mail, and the next mark may still be set: in this
# worker's hands, or taken for dead while it waited for the database.
HELD = [Status.CLAIMED, Status.SENDING, Status.UNKNOWN]
# Stands for the fence where a statement is compiled before there is one.
FENCE = -1
ABANDONED = gettext_noop("The worker ended while the mail was on its way.")
NOT_SUBSCRIBED = gettext_noop("No longer subscribed when the turn came.")


type Statement = tuple[str, list[Any]]
type Compiled = tuple[str, tuple[Any, ...]]


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


def claim(issue: Issue, most: int) -> list[Claim]:
    """Take up to `most` rows that are due; what another worker holds is passed over.

    None at all where the database was set back: then everything is held.
    """
    try:
        claims, reading = _claim(issue, most)
    except memory.SetBackError:
        memory.hold_if_set_back()
        return []
    if reading:
        memory.remember(reading)
    return claims


@transaction.atomic
def _claim(issue: Issue, most: int) -> tuple[list[Claim], Reading | None]:
    fence = secrets.randbits(63)
    taken = _take(issue, most, fence)
    readers = Subscriber.objects.receiving().filter(pk__in=[subscriber for *_, subscriber in taken])
    found = {pk: row for pk, *row in readers.values_list("pk", "email", "token")}
    if len(found) < len(taken):
        _skip_the_gone(Delivery.objects.filter(issue=issue, status=Status.CLAIMED, fence=fence))
    claims = [
        Claim(fence, delivery, attempts, *found[subscriber])
        for delivery, attempts, subscriber in taken
        if subscriber in found
    ]
    # Last, since no other worker can claim from here on until this is committed.
    return claims, memory.advance() if taken else None


def _take(issue: Issue, most: int, fence: int) -> list[tuple[int, int, int]]:
    """Write `claimed` on rows that are due; returns each one's key, attempts and subscriber."""
    due = Delivery.objects.filter(issue=issue).due().order_by("due_at")
    free, parameters = (
        due.select_for_update(skip_locked=True).values("pk")[:most].query.sql_with_params()
    )
    # As an array it is looked for once. Asked again for each row, PostgreSQL would pass over what
    # it locked itself, and so take all there is.
    chosen = f"= ANY(ARRAY({free}))" if connection.vendor == "postgresql" else f"IN ({free})"
    sql, values = _claiming(connection.vendor, lease())
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} AND id {chosen} RETURNING id, attempts, subscriber_id",
            [fence if value == FENCE else value for value in (*values, *parameters)],
        )
        return cursor.fetchall()


@cache
def _claiming(vendor: str, lease: timedelta) -> Compiled:
    """An UPDATE that still lacks which rows, and with FENCE in the place of the fence."""
    return _update(
        Delivery.objects.filter(status=Status.WAITING),
        status=Status.CLAIMED,
        fence=FENCE,
        leased_until=Now() + lease,
        attempts=F("attempts") + 1,
    )


def commit(outcomes: Sequence[Outcome], wanted: Sequence[Claim]) -> tuple[set[int], set[int]]:
    """Settle what is over and mark what may leave now, in one transaction.

    Returns the deliveries that may leave, and those that must not leave at all; what is in neither
    waits for its place in the rate.
    """
    over = [outcome for outcome in outcomes if outcome.verdict.status != Status.WAITING]
    with _whole(outcomes):
        for outcome in outcomes:
            if outcome.verdict.status == Status.WAITING:
                _put_off(outcome)
            elif outcome.verdict.bounce:
                _note_bounce(outcome)
        places = list(wanted)[: rates.take(len(wanted))] if wanted else []
        marks = [_mark(places)] if places else []
        marked = {key for (key,) in _execute([*_ends(over), *marks])} if places or over else set()
        if len(marked) < len(places):
            _skip_the_gone(_held(places))
    return marked, {claim.delivery for claim in places} - marked


def _whole(outcomes: Sequence[Outcome]) -> AbstractContextManager[None]:
    """A transaction, where what _execute() does is not all that there is to do."""
    has_more = any(o.verdict.bounce or o.verdict.status == Status.WAITING for o in outcomes)
    if connection.vendor == "postgresql" and not (has_more or settings.SEND_RATE):
        return nullcontext()
    return transaction.atomic()


def _execute(statements: Sequence[Statement]) -> list[tuple[int]]:
    """All of them; returns the rows of the last.

    PostgreSQL takes them as one message, which it carries out in one transaction (section "Simple
    Query" of its protocol), and answers once instead of five times.
    """
    if connection.vendor == "postgresql":
        joined = "; ".join(sql for sql, _ in statements)
        statements = [(joined, list(chain.from_iterable(values for _, values in statements)))]
    with connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values)
        while connection.vendor == "postgresql" and cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


def _held(claims: Sequence[Claim]) -> DeliveryQuerySet:
    keys, fences = [claim.delivery for claim in claims], {claim.fence for claim in claims}
    return Delivery.objects.filter(pk__in=keys, fence__in=fences, status__in=HELD)


def _mark(claims: Sequence[Claim]) -> Statement:
    """Writes `sending` for those whose issue still runs and whose reader still wants it.

    A row that says so already is marked once more: a connection to the database may end after the
    commit and before its answer, and then the worker, which let nothing go yet, asks again. So is
    one whose lease ran out meanwhile: nobody doubts what has not left.
    """
    sql, parameters = _marking(connection.vendor, lease())
    keys, fences = [claim.delivery for claim in claims], {claim.fence for claim in claims}
    rows = f"id IN ({_places(keys)}) AND fence IN ({_places(fences)})"
    return f"{sql} AND {rows} RETURNING id", [*parameters, *keys, *fences]


@cache
def _marking(vendor: str, lease: timedelta) -> Compiled:
    """An UPDATE that still lacks which rows."""
    running = Exists(Issue.objects.running().filter(pk=OuterRef("issue")))
    rows = Delivery.objects.filter(running, _still_subscribed(), status__in=HELD)
    return _update(rows, status=Status.SENDING, leased_until=Now() + lease)


def _update(rows: DeliveryQuerySet, **values: Any) -> Compiled:
    """`rows.update(**values)`, not carried out: to compile it takes longer than that."""
    update = cast(UpdateQuery, rows.query.chain(UpdateQuery))
    update.add_update_values(values)
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
        reply=gettext(NOT_SUBSCRIBED),
        settled_at=Now(),
        fence=None,
        leased_until=None,
    )


def _ends(outcomes: Sequence[Outcome]) -> Iterator[Statement]:
    """Write down what became of mails: one for all that were claimed together and ended alike.

    An answer that comes after its lease ran out counts too.
    """
    alike: dict[tuple[Status, int], list[Any]] = {}
    for outcome in outcomes:
        claim, verdict = outcome.claim, outcome.verdict
        row = (claim.delivery, verdict.reply[:300])
        alike.setdefault((verdict.status, claim.fence), []).extend(row)
    now = _now(connection.vendor)
    for (status, fence), rows in alike.items():
        sql = (
            f"WITH ended (id, reply) AS (VALUES {', '.join(['(%s, %s)'] * (len(rows) // 2))})"  # noqa: S608
            f" UPDATE {_table()} AS row SET status = %s, reply = ended.reply,"
            f" settled_at = {now}, due_at = {now} FROM ended"
            f" WHERE row.id = ended.id AND row.fence = %s AND row.status IN ({_places(HELD)})"
        )
        yield sql, [*rows, str(status), fence, *HELD]


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
        status=Status.UNKNOWN, reply=gettext(ABANDONED), settled_at=Now()
    )
