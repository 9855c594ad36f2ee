"""The database's clock: all workers, on whatever host, agree on it."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The time as the database sees it at this moment, within a transaction too."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        else:
            cursor.execute("SELECT (julianday('now') - 2440587.5) * 86400.0")
        return datetime.fromtimestamp(cursor.fetchone()[0], UTC)
