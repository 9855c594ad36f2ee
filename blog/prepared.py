"""Questions that are put to the database for every page: their SQL is made once.

For a list of ten posts Django takes several times as long to write the SQL as the database to
answer it. What changes from one time to the next stands in the query as a `Later` and is given when
it is asked; what changes the SQL itself, as where a slice begins, makes a statement of its own.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import FETCH_ONE
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

# Statements that are kept of one question, for as many slices and lengths.
MOST = 64


class Later(models.Value):
    """Stands in a query for a value that is given when the question is asked."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(name, output_field=output_field)
        self.given_as = output_field

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def given(self, values: dict[str, Any], connection: Any) -> Any:
        return self.given_as.get_db_prep_value(values[self.value], connection)


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
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params(values, connection))
            return statement.rows(cursor.fetchall())

    def _statement(self, vendor: str, *shape: Any) -> "Statement[Row]":
        query = self.build(*shape).query
        return Statement(query.get_compiler(DEFAULT_DB_ALIAS))


class Statement[Row: models.Model]:
    """One text of SQL, and how the rows that it finds are read."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self.sql, self.values = compiler.as_sql()
        self.compiler = compiler
        self.converters = compiler.get_converters([column for column, *_ in compiler.select])
        fields = compiler.klass_info["select_fields"]
        self.model: type[Row] = compiler.klass_info["model"]
        self.names = [compiler.select[index][0].target.attname for index in fields]
        self.first, self.end = fields[0], fields[-1] + 1
        self.beside = get_related_populators(
            compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS, FETCH_ONE
        )
        self.added = list(compiler.annotation_col_map.items())

    def params(self, values: dict[str, Any], connection: Any) -> list[Any]:
        return [
            each.given(values, connection) if isinstance(each, Later) else each
            for each in self.values
        ]

    def rows(self, found: list[Any]) -> list[Row]:
        return [self._row(each) for each in self.compiler.apply_converters(found, self.converters)]

    def _row(self, columns: list[Any]) -> Row:
        fields = columns[self.first : self.end]
        row = self.model.from_db(DEFAULT_DB_ALIAS, self.names, fields, fetch_mode=FETCH_ONE)
        for other in self.beside:
            other.populate(columns, row)
        for name, position in self.added:
            setattr(row, name, columns[position])
        return row
