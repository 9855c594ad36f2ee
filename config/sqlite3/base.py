"""What the pool is to PostgreSQL: a connection that is closed waits for whoever comes next.

Opening one takes a fifth to a third of the time of a page: ten statements set it up, the first
query reads the whole schema. Django's CONN_MAX_AGE would keep one for each of the web server's
threads, which are many.
"""

import os
import sqlite3
from queue import Empty, LifoQueue
from typing import Any

from django.db.backends.sqlite3 import base

# As many as one process works on requests at a time; see config/wsgi.py.
MOST = 8

# Each with the file that lay at the database's path when it was opened.
Kept = tuple[sqlite3.Connection, os.stat_result]
_waiting: dict[str, LifoQueue[Kept]] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    file: os.stat_result | None = None

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
        connection, waiting = self.connection, _waiting[self.settings_dict["NAME"]]
        is_clean = connection and not connection.in_transaction and not self.errors_occurred
        if is_clean and self.file and waiting.qsize() < MOST:
            waiting.put((connection, self.file))
        else:
            super()._close()  # type: ignore[misc]


def file_at(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def take(path: str) -> Kept | None:
    """The one that waits for the shortest time."""
    try:
        return _waiting.setdefault(path, LifoQueue()).get_nowait()
    except Empty:
        return None
