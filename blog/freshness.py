"""Which edition of the site is the current one, asked before every page that is handed out.

docs/pages.md tells the whole story; the order of things that it speaks of is the order here.
"""

import mmap
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from blog import editions

# Seconds for which a look at the database is believed while this host writes nothing.
BELIEVED = 0.5
# Seconds after which the connection that looks is made anew: the database may be another by then.
CONNECTED = 30.0
# Seconds for which the database is left alone after it did not answer.
LEFT_ALONE = 1.0
MARK_BYTES = 16


class Mark:
    """A few bytes that all processes of this host see, another value after every change."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(file).st_size < MARK_BYTES:
                os.ftruncate(file, MARK_BYTES)
            self.bytes = mmap.mmap(file, MARK_BYTES)
        finally:
            os.close(file)

    def read(self) -> bytes:
        return self.bytes[:]

    def change(self) -> None:
        """Random rather than counted up: two processes that count at once could write the same."""
        self.bytes[:] = secrets.token_bytes(MARK_BYTES)


@once
def mark_of_this_host() -> Mark | None:
    """None where it cannot be had: on a disk that is read-only, or full."""
    try:
        return Mark(settings.VAR_DIR / "edition")
    except OSError:
        return None


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receives `connection_created`: what is written through this connection will be noticed."""
    if _mark_changes not in connection.execute_wrappers:
        connection.execute_wrappers.append(_mark_changes)


def _mark_changes(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    result = execute(sql, params, many, context)
    if editions.may_begin_with(str(sql)) and (mark := mark_of_this_host()):
        # Outside of a transaction that is at once, and the statement is committed by now.
        transaction.on_commit(mark.change, using=context["connection"].alias)
    return result


class Current(NamedTuple):
    """An edition as one process knows it: the same object for as long as it is current."""

    edition: editions.Edition
    # Seconds since 1970 when this process first saw it.
    since: float
    # What all its pages ask for: blog/shared.py.
    shared: dict[Any, Any]


class Look(NamedTuple):
    """What was found when, and the mark that stood there just before."""

    current: Current
    at: float
    mark: bytes | None


class Freshness:
    """Knows the current edition, in one process and for all its threads."""

    def __init__(self) -> None:
        self.mark = mark_of_this_host()
        self.looking = threading.Lock()
        self.last: Look | None = None
        self.database: BaseDatabaseWrapper | None = None
        self.connected_at = 0.0
        self.failed_at = float("-inf")

    def current(self) -> Current | None:
        """The edition that was current when this was called, or a later one.

        None where the database cannot say.
        """
        last, called_at = self.last, time.monotonic()
        if last and self._still_holds(last):
            return last.current
        with self.looking:
            # A look that began meanwhile will do. One that had begun before may be too old.
            if self.last is None or self.last.at < called_at:
                self.last = self._look()
            return self.last.current if self.last else None

    def hang_up(self) -> None:
        """Close the connection; the next look makes another one."""
        if self.database is not None:
            with suppress(DatabaseError, InterfaceError):
                self.database.close()
        self.database = None

    def _still_holds(self, look: Look) -> bool:
        return (
            self.mark is not None
            and self.mark.read() == look.mark
            and time.monotonic() - look.at < BELIEVED
            and time.time() < look.current.edition.ends_at
        )

    def _look(self) -> Look | None:
        if time.monotonic() - self.failed_at < LEFT_ALONE:
            return None
        at, seen = time.monotonic(), self.mark.read() if self.mark else None
        try:
            edition = editions.current(self._connection(at))
        except (DatabaseError, InterfaceError):
            self.hang_up()
            self.failed_at = time.monotonic()
            return None
        if self.last and edition == self.last.current.edition:
            return Look(self.last.current, at, seen)
        return Look(Current(edition, time.time(), {}), at, seen)

    def _connection(self, now: float) -> BaseDatabaseWrapper:
        if self.database is not None and now - self.connected_at > CONNECTED:
            self.hang_up()
        if self.database is None:
            self.database, self.connected_at = _connection_of_its_own(), now
        return self.database


def _connection_of_its_own() -> BaseDatabaseWrapper:
    """One that is in no pool, is nobody's transaction, and may be used by any thread in turn."""
    own = connection.copy()
    if own.settings_dict["OPTIONS"].pop("pool", None):
        own.settings_dict["OPTIONS"].setdefault("connect_timeout", 3)
    own.inc_thread_sharing()
    return own
