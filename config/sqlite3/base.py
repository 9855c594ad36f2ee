"""SQLite for several threads of several processes: who opens, and who may write.

A connection that is closed waits for whoever comes next, as in PostgreSQL's pool. Opening one takes
a fifth to a third of the time of a page: ten statements set it up, the first query reads the whole
schema. Django's CONN_MAX_AGE would keep one for each of the web server's threads, which are many.

One transaction writes at a time. Whoever finds SQLite busy is put to sleep for longer and longer,
up to a tenth of a second, and meanwhile others who come later may be served. So the threads of a
process queue for its turn, and the one whose turn it is looks every millisecond whether another
process is done.
"""

import os
import sqlite3
import threading
import time
from collections import defaultdict, deque
from typing import Any, ClassVar

from django.db.backends.sqlite3 import base, features
from django.db.utils import OperationalError

from config.sqlite3.schema import DatabaseSchemaEditor

# As many as one process works on requests at a time; see config/wsgi.py.
MOST = 8

# The name by which a cursor for SQL that is asked again and again is asked for, and how many texts
# of such SQL are kept.
PREPARED = "prepared"
MOST_TEXTS = 300

# Seconds between two looks at whether another process has written what it had to.
PAUSE = 0.001
# For each database the turn to write among the threads of this process.
_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

# Each with the file that lay at the database's path when it was opened; the newest last.
Kept = tuple[sqlite3.Connection, os.stat_result]
_waiting: defaultdict[str, deque[Kept]] = defaultdict(deque)


class PreparedCursor(base.SQLiteCursorWrapper):
    """Looks once through SQL that is asked again for the places where values stand."""

    written: ClassVar[dict[str, str]] = {}

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        if (written := self.written.get(query)) is None:
            if len(self.written) >= MOST_TEXTS:
                self.written.clear()
            written = self.written[query] = super().convert_query(query, param_names=param_names)
        return written


class DatabaseFeatures(features.DatabaseFeatures):
    # A part of SQLite since 3.38. Django asks each thread's connection, and by a transaction that
    # writes: a first page would wait until whoever writes is done.
    supports_json_field = True


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
    features_class = DatabaseFeatures
    file: os.stat_result | None = None
    has_turn = False

    def prepared_cursor(self) -> Any:
        """A cursor for SQL that is asked again and again, with values in a list."""
        return self._cursor(PREPARED)  # type: ignore[attr-defined]

    def create_cursor(self, name: str | None = None) -> Any:
        if name == PREPARED:
            return self.connection.cursor(factory=PreparedCursor)
        return super().create_cursor(name)

    def _start_transaction_under_autocommit(self) -> None:
        """BEGIN, when it is this thread's turn; OperationalError where that takes too long."""
        patience = self.settings_dict["OPTIONS"].get("timeout", 5)
        ends_at = time.monotonic() + patience
        self.has_turn = _turns[self.settings_dict["NAME"]].acquire(timeout=patience)
        try:
            self._begin(ends_at)
        except BaseException:
            self._end_turn()
            raise

    def _begin(self, ends_at: float) -> None:
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    return super()._start_transaction_under_autocommit()  # type: ignore[misc]
                except OperationalError as error:
                    if not is_busy(error) or time.monotonic() > ends_at:
                        raise
                    self.errors_occurred = False
                time.sleep(PAUSE)
        finally:
            patience = self.settings_dict["OPTIONS"].get("timeout", 5)
            self.connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        if self.has_turn:
            self.has_turn = False
            _turns[self.settings_dict["NAME"]].release()

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        path = conn_params["database"]
        self.file = file_at(path)
        while kept := take(path):
            connection, file = kept
            # A backup may have been put in its place meanwhile.
            if self.file and os.path.samestat(self.file, file):
                return connection
            connection.close()
        return super().get_new_connection(conn_params)

    def _close(self) -> None:
        self._end_turn()
        connection, waiting = self.connection, _waiting[self.settings_dict["NAME"]]
        is_clean = connection and not connection.in_transaction and not self.errors_occurred
        if is_clean and self.file and len(waiting) < MOST:
            waiting.append((connection, self.file))
        else:
            super()._close()  # type: ignore[misc]


def is_busy(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def file_at(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def take(path: str) -> Kept | None:
    """The one that waits for the shortest time."""
    try:
        return _waiting[path].pop()
    except IndexError:
        return None
