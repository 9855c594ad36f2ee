"""How often an issue's links were followed, as sums that name nobody: docs/counting.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

# The number under which loads of the picture are counted; links begin at 1.
PICTURE = 0
# Milliseconds for which a reader's way on may wait for another writer.
WAIT = 250


class CountedLinkQuerySet(models.QuerySet["CountedLink"]):
    def links(self) -> "CountedLinkQuerySet":
        return self.exclude(number=PICTURE)

    def pictures(self) -> "CountedLinkQuerySet":
        return self.filter(number=PICTURE)

    def to_follow(self) -> "CountedLinkQuerySet":
        """Each with when its issue started, and without that issue's long texts."""
        return self.select_related("issue").only("number", "address", "issue__started_at")

    def with_times(self) -> "CountedLinkQuerySet":
        """Each with how often it was followed in all, as `times`."""
        return self.annotate(times=Coalesce(Sum("days__times"), 0))


class CountedLink(models.Model):
    """A link as it was frozen with its issue: what its number in our own address stands for."""

    issue = models.ForeignKey(
        "newsletter.Issue", models.CASCADE, related_name="counted_links", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    address = models.TextField(blank=True)

    objects = CountedLinkQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="counted_link_number"),
            models.CheckConstraint(
                condition=Q(number=PICTURE, address="") | Q(number__gt=PICTURE) & ~Q(address=""),
                name="counted_link_leads_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return self.address or "The picture"


class CountedDayQuerySet(models.QuerySet["CountedDay"]):
    def add(self, link: int, day: date) -> None:
        """Count once more; one statement, so that of many at once none is lost."""
        connection = connections[router.db_for_write(CountedDay)]
        table = connection.ops.quote_name(CountedDay._meta.db_table)
        with in_a_moment(connection) as cursor:
            cursor.execute(
                f"INSERT INTO {table} (link_id, day, times) VALUES (%s, %s, 1)"  # noqa: S608
                f" ON CONFLICT (link_id, day) DO UPDATE SET times = {table}.times + 1",
                [link, connection.ops.adapt_datefield_value(day)],
            )

    def take_back(self, link: int, day: date, times: int) -> None:
        """What was counted and should not have been."""
        with in_a_moment(connections[router.db_for_write(CountedDay)]):
            self.filter(link=link, day=day, times__gte=times).update(times=F("times") - times)


@contextmanager
def in_a_moment(connection: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
    """A transaction that raises OperationalError soon where another one is in its way.

    PostgreSQL does not wait for the disk either: a click is not worth a flush.
    """
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if is_sqlite:
            cursor.execute(f"PRAGMA busy_timeout = {WAIT}")
        try:
            with transaction.atomic(using=connection.alias):
                if not is_sqlite:
                    cursor.execute(
                        f"SET LOCAL lock_timeout = {WAIT}; SET LOCAL synchronous_commit = off"
                    )
                yield cursor
        finally:
            if is_sqlite:
                usual = int(1000 * connection.settings_dict["OPTIONS"]["timeout"])
                cursor.execute(f"PRAGMA busy_timeout = {usual}")


class CountedDay(models.Model):
    link = models.ForeignKey(CountedLink, models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    times = models.PositiveIntegerField()

    objects = CountedDayQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "day"], name="counted_day_once")]

    def __str__(self) -> str:
        return f"{self.times} on {self.day}"
