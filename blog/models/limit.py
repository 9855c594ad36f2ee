"""How often something may happen: counted in the database, so all processes share the count."""

from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils import timezone

from blog.prepared import cursor


class LimitQuerySet(models.QuerySet["Limit"]):
    def allow(self, key: str, *, most: int, within: timedelta) -> bool:
        """Count one event under `key`; False where more than `most` fell into its window."""
        return self.allow_all({key: most}, within=within)

    def allow_all(self, most: dict[str, int], *, within: timedelta) -> bool:
        """Count one event under each of these keys; False where any of them had too many.

        A window starts with its first event. Counting is one atomic statement, so that two
        processes can never both take the last place.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        table = connection.ops.quote_name(Limit._meta.db_table)
        stamp = connection.ops.adapt_datetimefield_value
        now = timezone.now()
        start, end = stamp(now), stamp(now + within)
        with cursor() as asked:
            asked.execute(
                f"INSERT INTO {table} (key, count, ends_at)"  # noqa: S608
                f" VALUES {', '.join(['(%s, 1, %s)'] * len(most))}"
                f" ON CONFLICT (key) DO UPDATE SET"
                f" count = CASE WHEN {table}.ends_at <= %s THEN 1 ELSE {table}.count + 1 END,"
                f" ends_at = CASE WHEN {table}.ends_at <= %s THEN excluded.ends_at"
                f" ELSE {table}.ends_at END RETURNING key, count",
                [*(value for key in most for value in (key, end)), start, start],
            )
            return all(count <= most[key] for key, count in asked.fetchall())

    def over(self) -> "LimitQuerySet":
        """Windows that have ended; they may be forgotten."""
        return self.filter(ends_at__lte=timezone.now())


class Limit(models.Model):
    key = models.CharField(primary_key=True, max_length=120)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    objects = LimitQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
