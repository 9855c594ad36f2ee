"""The database's own lock on what must stay as it was written, whoever sends it the statement.

The models refuse with a clear word what a programmer might try; this refuses everything else. It
is fitted after every `migrate`, since SQLite drops the triggers of a table that is remade.
"""

from typing import Any

from django.db import connections

# What of a table may never be updated, and in which rows. How terms are laid out may improve.
LOCKED = {
    "newsletter_consent": ("UPDATE", "TRUE"),
    "newsletter_consentevidence": ("UPDATE", "TRUE"),
    "newsletter_terms": (
        "UPDATE OF id, version, kind, text, text_hash, created_at, published_at",
        "OLD.published_at IS NOT NULL",
    ),
}
SQLITE = [
    "DROP TRIGGER IF EXISTS {table}_stays",
    """CREATE TRIGGER {table}_stays BEFORE {change} ON {table} WHEN ({rows})
    BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END""",
]
POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION newsletter_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = '23000'; END $$""",
    """CREATE OR REPLACE TRIGGER {table}_stays BEFORE {change} ON {table}
    FOR EACH ROW WHEN ({rows}) EXECUTE FUNCTION newsletter_refuse()""",
]


def fit(using: str, **kwargs: Any) -> None:
    """Receives `post_migrate`. The tables are not all there after a part of the migrations."""
    connection = connections[using]
    statements = SQLITE if connection.vendor == "sqlite" else POSTGRESQL
    with connection.cursor() as cursor:
        for table in LOCKED.keys() & set(connection.introspection.table_names(cursor)):
            change, rows = LOCKED[table]
            for statement in statements:
                cursor.execute(statement.format(table=table, change=change, rows=rows))
