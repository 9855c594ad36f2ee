"""Conditions on rows change in place: no row is touched, however many there are."""

import sqlite3
from contextlib import closing

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import CheckConstraint, Q

from config.environment import database
from config.sqlite3.base import DatabaseWrapper

FULL = CheckConstraint(condition=~Q(name=""), name="has_name")
SHORT = CheckConstraint(condition=Q(name__in=["A (b), c)", "it's"]), name="known_name")


pytestmark = pytest.mark.django_db


class Shelf(models.Model):  # noqa: DJ008
    label = models.CharField(max_length=20, db_index=True)

    class Meta:
        app_label = "shelf"


class Thing(models.Model):  # noqa: DJ008
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "shelf"


@pytest.fixture
def file(tmp_path):
    """With a table of one row."""
    path = tmp_path / "site.sqlite3"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute(
            'CREATE TABLE "shelf_thing" ("id" integer PRIMARY KEY, "name" varchar(20) NOT NULL)'
        )
        made.execute("INSERT INTO shelf_thing (name) VALUES ('A (b), c)')")
    return path


@pytest.fixture
def site(file):
    made = DatabaseWrapper(connection.settings_dict | database(f"sqlite:///{file}", pool=False))
    yield made
    made.close()


@pytest.fixture
def other(file):
    """Somebody who has read the schema before it is changed."""
    with closing(sqlite3.connect(file, isolation_level=None)) as opened:
        opened.execute("SELECT * FROM shelf_thing").fetchall()
        yield opened


def add(site, *constraints):
    with site.schema_editor() as editor:
        for constraint in constraints:
            editor.add_constraint(Thing, constraint)


def remove(site, constraint):
    with site.schema_editor() as editor:
        editor.remove_constraint(Thing, constraint)


def place(other):
    """Where its rows lie, which a copy would change."""
    return other.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table'").fetchone()


def put(other, name):
    other.execute("INSERT INTO shelf_thing (name) VALUES (?)", [name])


def test_condition_holds_at_once_for_everybody_and_no_row_moves(site, other):
    before = place(other)

    add(site, FULL, SHORT)

    put(other, "it's")
    for name in ("", "unknown"):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
            put(other, name)
    with pytest.raises(IntegrityError), transaction.atomic(), site.cursor() as cursor:
        cursor.execute("UPDATE shelf_thing SET name = ''")
    assert place(other) == before
    assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_condition_that_is_removed_no_longer_holds_and_the_other_does(site, other):
    add(site, FULL, SHORT)
    before = place(other)

    remove(site, SHORT)

    put(other, "unknown")
    with pytest.raises(sqlite3.IntegrityError, match="has_name"):
        put(other, "")
    assert place(other) == before


def test_condition_that_a_row_does_not_meet_is_refused(site, other):
    put(other, "unknown")

    with pytest.raises(IntegrityError, match="known_name"):
        add(site, SHORT)

    put(other, "another")


def test_condition_in_other_words_is_removed_by_a_copy(site, other):
    other.execute("DROP TABLE shelf_thing")
    other.execute(
        "CREATE TABLE shelf_thing (id integer PRIMARY KEY, name varchar(20) NOT NULL"
        " CONSTRAINT has_name CHECK (length(name) > 0))"
    )

    remove(site, FULL)

    put(other, "")


def test_sql_of_a_table_that_is_not_there_can_be_asked_for(site, other):
    other.execute("DROP TABLE shelf_thing")

    with site.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.add_constraint(Thing, FULL)

    assert "CREATE TABLE" in "".join(editor.collected_sql)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM shelf_thing",
        'DROP TABLE "shelf_thing"',
        "UPDATE shelf_part SET thing = 9",
        "INSERT OR IGNORE INTO shelf_part (thing) VALUES (9)",
        "WITH others AS (SELECT 9 AS id) UPDATE shelf_part SET thing = (SELECT id FROM others)",
    ],
)
def test_rows_that_miss_what_they_refer_to_stop_a_migration_that_wrote(site, other, statement):
    other.execute(
        "CREATE TABLE shelf_part (id integer PRIMARY KEY, thing REFERENCES shelf_thing (id))"
    )
    other.execute("INSERT INTO shelf_part (thing) SELECT id FROM shelf_thing")

    with pytest.raises(DatabaseError), site.schema_editor(atomic=False) as editor:
        editor.execute(statement)


def test_rows_of_tables_that_have_nothing_to_do_with_it_are_not_looked_at(site, other):
    """The file is long, and all who write wait."""
    other.execute("CREATE TABLE mail (id integer PRIMARY KEY, mail REFERENCES mail (id))")
    asked = []
    site.ensure_connection()
    site.connection.set_trace_callback(asked.append)

    add(site, FULL)
    with site.schema_editor() as editor:
        editor.execute('ALTER TABLE "mail" ADD COLUMN "words" text NULL')
        editor.execute("DELETE FROM shelf_thing")

    looks = [sql for sql in asked if "foreign_key_check" in sql]
    assert looks == ['PRAGMA foreign_key_check("shelf_thing")']


def test_indexes_are_there_before_the_migration_is_noted_as_done(site, other):
    """Killed between the two it would be done twice."""
    colour = models.CharField(max_length=20, null=True, db_index=True)
    colour.set_attributes_from_name("colour")

    with site.schema_editor() as editor:
        editor.create_model(Shelf)
        editor.add_field(Thing, colour)

        assert editor.deferred_sql == []

    indexed = other.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'index'").fetchall()
    assert indexed == [("shelf_shelf",), ("shelf_thing",)]


def test_copy_of_a_table_has_its_indexes_under_their_names(site, other):
    names = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'shelf%'"
    with site.schema_editor() as editor:
        editor.create_model(Shelf)
    before = other.execute(names).fetchall()

    with site.schema_editor() as editor:
        editor._remake_table(Shelf)

    assert other.execute(names).fetchall() == before != []


def test_migration_that_fails_leaves_foreign_keys_switched_on(site, other):
    with pytest.raises(DatabaseError), site.schema_editor(atomic=False) as editor:
        editor.execute("ALTER TABLE nobody ADD COLUMN name text")

    with site.cursor() as cursor:
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
