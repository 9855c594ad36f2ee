"""Connections to a SQLite file are kept for the next request."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

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
