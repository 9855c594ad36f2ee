"""What is asked for every page, and what a rush of sign-ups writes: the SQL of it is made once.

For a list of ten posts Django takes several times as long to write the SQL as the database to
answer it. What changes from one time to the next stands in the query as a `Later` and is given when
it is asked; what changes the SQL itself, as where a slice begins, makes a statement of its own.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

# Statements that are kept of one question, for as many slices and lengths.
MOST = 64
# Types of values that every database takes as they are.
PLAIN = {int, str}


class Later(models.Value):
    """Stands in a query for a value that is given when the question is asked."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(name, output_field=output_field)
        self.given_as = output_field

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def given(self, values: dict[str, Any], connection: Any) -> Any:
        value = values[self.value]
        if type(value) in PLAIN:
            return value
        return self.given_as.get_db_prep_value(value, connection)


def text(name: str) -> Later:
    return Later(name, models.CharField())


def moment(name: str) -> Later:
    return Later(name, models.DateTimeField())


def number(name: str) -> Later:
    return Later(name, models.BigIntegerField())


class Prepared[Row: models.Model]:
    """Asks what `build` makes: a queryset of rows, with others beside them by select_related()."""

    def __init__(self, build: Callable[..., models.QuerySet[Row]]) -> None:
        self.build = build
        self.statement = lru_cache(MOST)(self._statement)

    def __call__(self, *shape: Any, **values: Any) -> list[Row]:
        """`shape` is for `build`, and becomes a part of the SQL; `values` are for each `Later`."""
        connection = connections[DEFAULT_DB_ALIAS]
        try:
            statement = self.statement(connection.vendor, *shape)
        except EmptyResultSet:
            return []
        return statement.rows(statement.written.ask(**values))

    def _statement(self, vendor: str, *shape: Any) -> "Statement[Row]":
        query = self.build(*shape).query
        return Statement(query.get_compiler(DEFAULT_DB_ALIAS))


class Insert[Row: models.Model]:
    """Adds rows of one table, which get their keys. Nothing else of save() happens, and no signals.

    With `unless_there`, rows that are there already are left as they are.
    """

    def __init__(self, model: type[Row], *, unless_there: bool = False) -> None:
        self.model, self.unless_there = model, unless_there
        self.fields = [field for field in model._meta.concrete_fields if not is_made_there(field)]
        self.sql = lru_cache(MOST)(self._sql)

    def __call__(self, *rows: Row) -> None:
        self.of(*rows)()

    def of(self, *rows: Row) -> "Addition[Row]":
        """Adds these when it is called. All is worked out now but the keys of other rows."""
        return Addition(self, rows)

    def _sql(self, vendor: str, count: int) -> str:
        quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.fields)
        row = f"({', '.join(['%s'] * len(self.fields))})"
        return (
            f"INSERT INTO {quote(self.model._meta.db_table)} ({columns})"  # noqa: S608
            f" VALUES {', '.join([row] * count)}"
            f"{' ON CONFLICT DO NOTHING' if self.unless_there else ''}"
            f" RETURNING {quote(str(self.model._meta.pk.column))}"
        )


class Addition[Row: models.Model]:
    """Rows that are about to be added: nobody waits while their values are worked out."""

    def __init__(self, insert: Insert[Row], rows: tuple[Row, ...]) -> None:
        self.insert, self.rows = insert, rows
        columns = [(row, field) for row in rows for field in insert.fields]
        connection = connections[DEFAULT_DB_ALIAS]
        self.values = [stored(row, field, connection) for row, field in columns]
        self.keys = [(at, *each) for at, each in enumerate(columns) if each[1].is_relation]

    def __call__(self) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        for place, row, field in self.keys:
            self.values[place] = stored(row, field, connection)
        sql = self.insert.sql(connection.vendor, len(self.rows))
        with cursor() as asked:
            asked.execute(sql, self.values)
            keys = asked.fetchall()
        # Without a key are those that were there, and then nobody can tell whose these are.
        if len(keys) == len(self.rows):
            for row, (key,) in zip(self.rows, keys, strict=True):
                row.pk, row._state.adding, row._state.db = key, False, DEFAULT_DB_ALIAS


class Update:
    """Changes the rows that `build` finds to `columns`; returns how many they were."""

    def __init__(self, build: Callable[..., models.QuerySet[Any]], **columns: Any) -> None:
        self.build, self.columns = build, columns
        self.statement = lru_cache(MOST)(self._statement)

    def __call__(self, *shape: Any, **values: Any) -> int:
        """`shape` and `values` as of a Prepared."""
        return self.statement(connections[DEFAULT_DB_ALIAS].vendor, *shape).carry_out(**values)

    def _statement(self, vendor: str, *shape: Any) -> "Written":
        query: Any = self.build(*shape).query.chain(UpdateQuery)
        query.add_update_values(self.columns)
        return Written(*query.get_compiler(DEFAULT_DB_ALIAS).as_sql())


def is_made_there(field: models.Field) -> bool:
    """Whether the database itself makes a column's values."""
    return field.generated or isinstance(field, models.AutoField)


def stored(row: models.Model, field: models.Field, connection: Any) -> Any:
    """The value of a new row in one column, as the database takes it."""
    return field.get_db_prep_save(field.pre_save(row, add=True), connection)


def cursor() -> Any:
    """One whose statements are kept, as the database can."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    return getattr(connection, "prepared_cursor", connection.cursor)()


def as_stored[Row: models.Model](model: type[Row], columns: Iterable[tuple[str, Any]]) -> Row:
    """A row with the values that the database has; columns that are not given are deferred.

    It is put together as Django does when it unpickles a row: nobody is told by pre_init and
    post_init, and no column is set one by one, which takes ten times as long.
    """
    row = model.__new__(model)
    row.__dict__.update(columns)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


class Part[Row: models.Model]:
    """The columns of one table in what is found, and how they become a row of its model.

    Those of the tables beside it are parts of it.
    """

    def __init__(self, info: dict[str, Any], select: list[Any]) -> None:
        places = info["select_fields"]
        self.model: type[Row] = info["model"]
        self.names = [select[place][0].target.attname for place in places]
        self.first, self.end = places[0], places[-1] + 1
        self.key = self.first + self.names.index(self.model._meta.pk.attname)
        self.put_beside: Any = info.get("local_setter")
        self.beside: list[Part[Any]] = [
            Part(other, select) for other in info.get("related_klass_infos", [])
        ]

    def row(self, columns: list[Any], known: dict[Any, Any]) -> Row:
        row = as_stored(self.model, zip(self.names, columns[self.first : self.end], strict=True))
        for other in self.beside:
            key = other.first, columns[other.key]
            if key not in known:
                known[key] = None if columns[other.key] is None else other.row(columns, known)
            other.put_beside(row, known[key])
        return row


class Written:
    """One text of SQL, and its parameters; in place of some stands a Later."""

    def __init__(self, sql: str, values: Iterable[Any]) -> None:
        self.sql, self.values = sql, list(values)
        names = {each.value: each for each in self.values if isinstance(each, Later)}
        self.later = list(names.values())

    @classmethod
    def of(cls, rows: models.QuerySet[Any, Any]) -> Self:
        return cls(*rows.query.get_compiler(DEFAULT_DB_ALIAS).as_sql())

    def ask(self, **values: Any) -> list[Any]:
        """The rows that it finds."""
        with cursor() as asked:
            asked.execute(self.sql, self._with(values))
            return asked.fetchall()

    def carry_out(self, **values: Any) -> int:
        """How many rows it changed."""
        with cursor() as asked:
            asked.execute(self.sql, self._with(values))
            return asked.rowcount

    def _with(self, values: dict[str, Any]) -> list[Any]:
        connection = connections[DEFAULT_DB_ALIAS]
        # One value often stands in several places, as the moment that it is now.
        given = {each.value: each.given(values, connection) for each in self.later}
        return [given[each.value] if isinstance(each, Later) else each for each in self.values]


class Statement[Row: models.Model]:
    """One question in SQL, and how the rows that it finds are read."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self.written = Written(*compiler.as_sql())
        self.compiler = compiler
        self.converters = compiler.get_converters([column for column, *_ in compiler.select])
        info: dict[str, Any] = compiler.klass_info
        self.own: Part[Row] = Part(info, compiler.select)
        self.added = list(compiler.annotation_col_map.items())

    def rows(self, found: list[Any]) -> list[Row]:
        # The author of ten posts is one row, made once.
        known: dict[Any, Any] = {}
        converted = self.compiler.apply_converters(found, self.converters)
        return [self._row(columns, known) for columns in converted]

    def _row(self, columns: list[Any], known: dict[Any, Any]) -> Row:
        row = self.own.row(columns, known)
        for name, position in self.added:
            setattr(row, name, columns[position])
        return row
