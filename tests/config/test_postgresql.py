"""PostgreSQL with plans that are kept: config/postgresql."""

import select

import psycopg
import pytest
from django.db import connection, transaction

from config.environment import database
from config.postgresql.pool import check
from tests.processes import at_once

URL = "postgres://name@host/site"

only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite keeps its plans itself"
)


def test_plans_are_kept_unless_the_address_of_the_database_says_otherwise():
    kept, not_kept = (
        database(f"{URL}{said}", pool=True)["OPTIONS"] for said in ("", "?prepared_statements=off")
    )

    assert kept["prepare_threshold"] > 0
    assert not_kept["prepare_threshold"] is None
    assert "prepared_statements" not in kept.keys() | not_kept.keys()


def test_address_of_the_database_that_says_neither_is_refused():
    with pytest.raises(LookupError, match="on or off"):
        database(f"{URL}?prepared_statements=perhaps", pool=True)


@pytest.fixture
def keeping(transactional_db):
    """A table of which the connection keeps the plans."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (word varchar(5))")
        cursor.execute("INSERT INTO kept VALUES ('apple')")
    connection.connection.prepare_threshold = 0
    yield
    connection.connection.prepare_threshold = None
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL; DROP TABLE kept")


def asked() -> list:
    with connection.prepared_cursor() as cursor:
        cursor.execute("SELECT word FROM kept WHERE word < %s", ["b"])
        return cursor.fetchall()


def plans() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%kept%'")
        return cursor.fetchone()[0]


def widen(_: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kept ALTER word TYPE varchar(50)")


@only_postgresql
def test_server_keeps_the_plan_of_what_is_asked_again(keeping):
    assert (asked(), asked(), plans()) == ([("apple",)], [("apple",)], 1)


@only_postgresql
def test_column_that_another_process_changes_is_read_on(keeping):
    asked()

    at_once(1, widen)

    assert asked() == [("apple",)]


@only_postgresql
def test_plans_that_whoever_answers_does_not_know_are_kept_no_longer(keeping):
    asked()
    # As a proxy does that goes on with another connection.
    connection.connection.pgconn.exec_(b"DEALLOCATE ALL")

    assert asked() == [("apple",)]
    assert (asked(), plans()) == ([("apple",)], 0)


@only_postgresql
def test_after_a_transaction_that_met_such_a_change_all_goes_on(keeping):
    asked()
    at_once(1, widen)

    with pytest.raises(Exception, match="result type") as raised, transaction.atomic():
        asked()

    assert isinstance(raised.value.__cause__, psycopg.errors.FeatureNotSupported)
    assert asked() == [("apple",)]


@pytest.fixture
def pooled(db):
    """A connection as it lies in the pool."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as made:
        yield made


@only_postgresql
def test_connection_that_lay_in_the_pool_is_used_again_without_asking_the_server(pooled):
    def asked_last() -> list:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT query FROM pg_stat_activity WHERE pid = %s", [pooled.info.backend_pid]
            )
            return cursor.fetchone()

    pooled.execute("SELECT 'asked last'")
    check(pooled)

    assert asked_last() == ("SELECT 'asked last'",)


@only_postgresql
def test_connection_to_which_its_server_said_something_is_used_again(pooled):
    pooled.execute("LISTEN anything")
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("NOTIFY anything")
    wait_until_heard(pooled)

    check(pooled)

    assert pooled.execute("SELECT 1").fetchone() == (1,)


@only_postgresql
def test_connection_that_its_server_ended_is_not_used_again(pooled):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pooled.info.backend_pid])
    wait_until_heard(pooled)

    with pytest.raises(psycopg.OperationalError):
        check(pooled)


@only_postgresql
@pytest.mark.parametrize("left", [True, False])
def test_each_statement_is_a_transaction_whatever_the_last_user_left(pooled, left):
    pooled.autocommit = left
    taken = connection.copy()
    taken.connection = pooled

    taken.set_autocommit(True)

    assert pooled.autocommit
    assert taken.get_autocommit()


@only_postgresql
def test_pages_are_stored_as_they_are_sent(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage FROM pg_attribute"
            " WHERE attrelid = 'blog_post'::regclass AND attname = 'html'"
        )
        assert cursor.fetchone() == ("e",)


def wait_until_heard(pooled: psycopg.Connection) -> None:
    assert select.select([pooled], [], [], 10)[0]
