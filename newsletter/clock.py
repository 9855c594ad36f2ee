"""The database's clock: all workers, on whatever host, agree on it."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import functions
from django.utils.deconstruct import deconstructible


# Migrations know it as Django's, whose column it is.
@deconstructible(path="django.db.models.functions.datetime.Now")
class Now(functions.Now):
    """The time within a statement, on SQLite spelt as Django spells a time that comes from Python.

    SQLite compares times as text. Django's own has three digits of a second there and a parameter
    six or none, so the two are never equal and a page by key would lose or repeat rows.
    """

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        spelt = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"
        template = f"REPLACE({spelt}, '.000000', '')"
        return self.as_sql(compiler, connection, template=template, **context)


def now() -> datetime:
    """The time as the database sees it at this moment, within a transaction too."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        else:
            cursor.execute("SELECT (julianday('now') - 2440587.5) * 86400.0")
        return datetime.fromtimestamp(cursor.fetchone()[0], UTC)
