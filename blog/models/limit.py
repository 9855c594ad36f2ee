"""How often something may happen: counted in the database, so all processes share the count."""

from datetime import timedelta

from django.db import connections, models, router
from django.utils import timezone


class LimitQuerySet(models.QuerySet["Limit"]):
    def allow(self, key: str, *, most: int, within: timedelta) -> bool:
        """Count one event under `key`; False where more than `most` fell into its window.

        A window starts with its first event. Counting is one atomic statement, so that two
        processes can never both take the last place.
        """
        connection = connections[router.db_for_write(Limit)]
        table = connection.ops.quote_name(Limit._meta.db_table)
        now = timezone.now()
        stamp = connection.ops.adapt_datetimefield_value
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (key, count, ends_at) VALUES (%s, 1, %s)"  # noqa: S608
                f" ON CONFLICT (key) DO UPDATE SET"
                f" count = CASE WHEN {table}.ends_at <= %s THEN 1 ELSE {table}.count + 1 END,"
                f" ends_at = CASE WHEN {table}.ends_at <= %s THEN excluded.ends_at"
                f" ELSE {table}.ends_at END RETURNING count",
                [key, stamp(now + within), stamp(now), stamp(now)],
            )
            return cursor.fetchone()[0] <= most

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
