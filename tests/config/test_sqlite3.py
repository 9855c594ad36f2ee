"""Connections to a SQLite file are kept for the next request, and write one after the other."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from config.environment import database
from config.sqlite3.base import MOST, DatabaseWrapper, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "site.sqlite3"


@pytest.fixture
def connect(file: Path) -> Iterator[Callable[[], DatabaseWrapper]]:
    """A connection as one request has it; its first statement opens it."""
    settings = connection.settings_dict | database(f"sqlite:///{file}", pool=True)
    made: list[DatabaseWrapper] = []

    def connected() -> DatabaseWrapper:
        made.append(DatabaseWrapper(settings))
        made[-1].cursor().execute("SELECT 1")
        return made[-1]

    connected().close()  # there is a file from now on

    yield connected

    for each in made:
        each.close()
    while kept := take(str(file)):
        kept[0].close()


def test_next_request_gets_the_connection_of_the_last(connect):
    first = connect()
    raw = first.connection
    first.close()

    second = connect()

    assert second.connection is raw
    assert second.cursor().execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_what_sqlite_can_is_known_while_somebody_writes(connect, file):
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    reader = connect()

    with CaptureQueriesContext(reader) as asked:
        can_keep_json = reader.features.supports_json_field

    writer.close()
    assert can_keep_json
    assert asked.captured_queries == []
    assert reader.cursor().execute("""SELECT '{"a": 3}' ->> 'a'""").fetchone() == (3,)


def test_no_two_requests_share_a_connection(connect):
    several = [connect() for _ in range(MOST + 2)]
    for each in several:
        each.close()

    again = [connect() for _ in range(MOST + 2)]

    assert len({id(each.connection) for each in again}) == MOST + 2


def test_database_that_was_put_in_its_place_is_seen(connect, file, tmp_path):
    old = connect()
    old.cursor().execute("CREATE TABLE old (id)")
    old.close()
    empty = tmp_path / "backup.sqlite3"
    empty.touch()

    shutil.move(empty, file)

    assert connect().introspection.table_names() == []


def test_transaction_that_was_left_open_is_undone(connect):
    left = connect()
    left.cursor().execute("CREATE TABLE kept (id)")
    left.cursor().execute("BEGIN")
    left.cursor().execute("INSERT INTO kept VALUES (1)")
    left.close()

    assert connect().cursor().execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_connection_that_failed_is_not_kept(connect):
    failed = connect()
    raw = failed.connection
    with pytest.raises(DatabaseError):
        failed.cursor().execute("SELECT * FROM nowhere")
    failed.close()

    assert connect().connection is not raw


# --- Turns ---


@pytest.fixture
def impatient(connect) -> Callable[[], DatabaseWrapper]:
    """A connection that is refused a turn at once, rather than wait for it."""

    def connected() -> DatabaseWrapper:
        made = connect()
        made.settings_dict = made.settings_dict | {
            "OPTIONS": made.settings_dict["OPTIONS"] | {"timeout": 0}
        }
        return made

    return connected


def begin(connected: DatabaseWrapper) -> None:
    connected.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def test_second_writer_of_a_process_waits_for_the_first(connect, impatient):
    begin(connect())

    with pytest.raises(OperationalError, match="locked"):
        begin(impatient())


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_turn_ends_with_the_transaction(connect, impatient, end):
    first = connect()
    begin(first)

    getattr(first, end)()

    begin(impatient())


def test_writer_that_was_refused_holds_nobody_up(connect, impatient):
    first = connect()
    begin(first)
    with pytest.raises(OperationalError):
        begin(impatient())

    first.commit()

    begin(impatient())


def test_writer_of_another_process_is_waited_for(connect, file):
    outside = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    outside.execute("BEGIN IMMEDIATE")
    waiting = connect()

    ending = Timer(0.05, outside.execute, ["COMMIT"])
    ending.start()
    begin(waiting)
    ending.join()

    assert waiting.connection.in_transaction
    outside.close()
