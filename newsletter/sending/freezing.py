"""Writing down who is to get an issue: one row a reader, in chunks, in constant memory."""

from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone

from newsletter.clock import Now
from newsletter.models import Delivery, Issue, Subscriber

CHUNK = 20_000


def freeze_next(issue: Issue) -> bool:
    """Add the next chunk of deliveries; False where there is none left.

    The chunk and how far it came are one transaction, and the row of the issue is locked: after a
    crash the next worker goes on where this one stopped, and two never do the same chunk.
    """
    with transaction.atomic():
        locked = Issue.objects.select_for_update().running().filter(pk=issue.pk).first()
        if locked is None or locked.frozen_at is not None:
            return False
        audience = locked.audience_now().filter(
            pk__gt=locked.frozen_through, pk__lte=locked.frozen_to
        )
        last = audience.order_by("pk").values_list("pk", flat=True)[CHUNK - 1 : CHUNK].first()
        through = last or locked.frozen_to
        added = _add(locked, audience.filter(pk__lte=through).order_by())
        Issue.objects.filter(pk=locked.pk).update(
            frozen_through=through,
            frozen_count=F("frozen_count") + added,
            frozen_at=None if last else timezone.now(),
        )
        if last is None:
            _tell_the_planner()
        return True


def highest_subscriber() -> int:
    return Subscriber.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _add(issue: Issue, audience: "models.QuerySet[Subscriber]") -> int:
    """One statement that never brings the rows here; who has a delivery already is passed over."""
    table = connection.ops.quote_name(Delivery._meta.db_table)
    query, parameters = audience.values("id").annotate(due_at=Now()).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (issue_id, status, subscriber_id, due_at)"  # noqa: S608
            f" SELECT %s, %s, chosen.id, chosen.due_at FROM ({query}) AS chosen WHERE true"
            f" ON CONFLICT (issue_id, subscriber_id) DO NOTHING",
            [issue.pk, Delivery.Status.WAITING, *parameters],
        )
        return cursor.rowcount


def _tell_the_planner() -> None:
    """Let PostgreSQL know how many rows there are now, and how alike they look.

    By itself it learns that up to a minute later. Until then it may look through all subscribers
    for each mail.
    """
    if connection.vendor == "postgresql":
        tables = [connection.ops.quote_name(m._meta.db_table) for m in (Subscriber, Delivery)]
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")
