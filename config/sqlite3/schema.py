"""Migrations that keep writers from a SQLite file for as short as they can.

Conditions on rows come and go without a copy of their table. SQLite has no statement for it, and
Django copies, with a million readers for longer than a sign-up waits. A condition is only words in
the schema, though, and SQLite tells how such words may be changed in place:
https://www.sqlite.org/lang_altertable.html#otheralter, the second procedure.

A migration runs with foreign keys switched off, since a table can be copied in no other way. So at
its end Django looks at every row of every table for the row that it refers to. Here it looks only
where something may be amiss: in tables that were written, and in those that refer to them.

Several migrations follow each other within milliseconds, and a writer that SQLite has put to sleep
misses each gap. So there is a pause wherever they took long together.
"""

import json
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from django.db import IntegrityError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.sqlite3 import schema
from django.db.models import BaseConstraint, CheckConstraint, Field, Model

Table = type[Model]

# Seconds after which others are let in; and for how long: a little more than SQLite lets a writer
# sleep before it looks again (sqliteDefaultBusyCallback: a tenth).
MOST, PAUSE = 0.5, 0.12

# Statements after which rows find what they refer to, and those of whose table that is not sure.
HARMLESS = re.compile(
    r"\s*((BEGIN|SELECT|PRAGMA|SAVEPOINT|RELEASE|CREATE|DROP INDEX)\b|ALTER TABLE \S+ ADD COLUMN\b)"
)
WRITING = re.compile(
    r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM|DROP TABLE|ALTER TABLE) "?(\w+)"?'
)
REFERRING = """
    SELECT name FROM sqlite_master AS referring WHERE type = 'table' AND (
        name IN (SELECT value FROM json_each(%s)) OR EXISTS (
            SELECT 1 FROM pragma_foreign_key_list(referring.name) AS reference
            WHERE reference."table" IN (SELECT value FROM json_each(%s))
        )
    )
"""


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Where only the SQL is asked for, it is Django's: there may be no such table."""

    # Seconds for which migrations of this process have kept others waiting since the last pause.
    kept_waiting = 0.0

    def __enter__(self) -> Self:
        self.began_at = time.monotonic()
        self.written: set[str] = set()
        self.writes_anywhere = False
        self.watching = ExitStack()
        self.watching.enter_context(self.connection.execute_wrapper(self._watch))
        return super().__enter__()

    def __exit__(self, *fault: Any) -> None:
        self.watching.close()
        self.connection.check_constraints(None if self.writes_anywhere else self._referring())
        BaseDatabaseSchemaEditor.__exit__(self, *fault)
        self.connection.enable_constraint_checking()
        self._let_others_write()

    def _let_others_write(self) -> None:
        if self.connection.in_atomic_block or self.connection.is_in_memory_db():
            return
        kind = type(self)
        kind.kept_waiting += time.monotonic() - self.began_at
        if kind.kept_waiting > MOST:
            time.sleep(PAUSE)
            kind.kept_waiting = 0.0

    def _watch(
        self, execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict
    ) -> Any:
        if not HARMLESS.match(sql):
            if writing := WRITING.match(sql):
                self.written.add(writing[1])
            else:
                self.writes_anywhere = True
        return execute(sql, values, many, context)

    def _referring(self) -> list[str]:
        written = json.dumps([*self.written])
        with self.connection.cursor() as cursor:
            cursor.execute(REFERRING, [written, written])
            return [name for (name,) in cursor.fetchall()]

    def create_model(self, model: Table) -> None:
        super().create_model(model)
        # A copy gets its indexes when it has the name of its table, which still has them.
        if not model._meta.db_table.startswith("new__"):
            self._make_indexes()

    def add_field(self, model: Table, field: Field) -> None:
        super().add_field(model, field)
        self._make_indexes()

    def _make_indexes(self) -> None:
        """At once: where some are left for the end, Django notes a migration as done after it.

        If it were killed in between, it would be done again, and fail for good.
        """
        while self.deferred_sql:
            self.execute(self.deferred_sql.pop(0), None)

    def add_constraint(self, model: Table, constraint: BaseConstraint) -> None:
        """IntegrityError where a row is not as it demands."""
        if self.collect_sql or not isinstance(constraint, CheckConstraint):
            super().add_constraint(model, constraint)
        else:
            words = constraint.constraint_sql(model, self)
            self._demand(model, constraint.name, words.partition(" CHECK ")[2])
            text = self._text_of(model)
            self._write(model, f"{text[: text.rindex(')')]}, {words})")

    def remove_constraint(self, model: Table, constraint: BaseConstraint) -> None:
        if self.collect_sql or not isinstance(constraint, CheckConstraint):
            super().remove_constraint(model, constraint)
        else:
            text, words = self._text_of(model), f", {constraint.constraint_sql(model, self)}"
            if text.count(words) == 1:
                self._write(model, text.replace(words, ""))
            else:
                super().remove_constraint(model, constraint)

    def _demand(self, model: Table, name: str, condition: str) -> None:
        table = self.quote_name(model._meta.db_table)
        if self._first(f"SELECT 1 FROM {table} WHERE NOT {condition} LIMIT 1"):  # noqa: S608
            raise IntegrityError(f"CHECK constraint failed: {name}")

    def _text_of(self, model: Table) -> str:
        """As it was created, and changed since."""
        of_table = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s"
        return self._first(of_table, [model._meta.db_table])[0]

    def _write(self, model: Table, text: str) -> None:
        """In the transaction of the migration, so that all is as it was if it fails."""
        version = self._first("PRAGMA schema_version")[0]
        self.execute("PRAGMA writable_schema = ON", None)
        self.execute(
            "UPDATE sqlite_master SET sql = %s WHERE type = 'table' AND name = %s",
            [text, model._meta.db_table],
        )
        # Tells the connections of others to read it again; RESET tells this one.
        self.execute(f"PRAGMA schema_version = {version + 1}", None)
        self.execute("PRAGMA writable_schema = RESET", None)

    def _first(self, question: str, values: list[str] | None = None) -> tuple:
        with self.connection.cursor() as cursor:
            cursor.execute(question, values)
            return cursor.fetchone()
