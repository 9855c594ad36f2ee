"""PostgreSQL with statements that its server knows already.

Django puts the values into the SQL, so that the server reads and plans it anew each time: three
quarters of what it does for a list of ten posts. Where the SQL is written once (blog/prepared.py)
the values are sent beside it, and psycopg has the server keep the plan.
"""

from typing import Any, Self

from django.db.backends.postgresql import base
from psycopg import Cursor
from psycopg.errors import (
    DuplicatePreparedStatement,
    FeatureNotSupported,
    InvalidSqlStatementName,
)
from psycopg.pq import TransactionStatus

# The name by which a cursor for prepared statements is asked for.
PREPARED = "prepared"
NOT_KNOWN = (InvalidSqlStatementName, DuplicatePreparedStatement)


class PreparedCursor(Cursor[Any]):
    def execute(self, *args: Any, **named: Any) -> Self:
        """Plan anew what does not fit any more, since a migration changed a column's type.

        Where a plan is not known to whoever answers, a proxy such as PgBouncer goes from one
        connection to another: then none is kept.
        """
        try:
            return super().execute(*args, **named)
        except (FeatureNotSupported, *NOT_KNOWN) as error:
            if isinstance(error, NOT_KNOWN):
                self.connection.prepare_threshold = None
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                # psycopg forgets all plans when this is rolled back.
                raise
            super().execute("DEALLOCATE ALL")
            return super().execute(*args, **named)


class DatabaseWrapper(base.DatabaseWrapper):
    def prepared_cursor(self) -> Any:
        """A cursor for SQL that is asked again and again."""
        return self._cursor(PREPARED)  # type: ignore[attr-defined]

    def _set_autocommit(self, autocommit: bool) -> None:
        # One from the pool is as its last user left it.
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]

    def create_cursor(self, name: str | None = None) -> Any:
        if name == PREPARED:
            return PreparedCursor(self.connection)
        return super().create_cursor(name)
