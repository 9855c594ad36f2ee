"""What makes a new edition of the site: a change of anything that the public sees.

The database itself notices, in the transaction that makes the change. docs/pages.md tells why, and
what follows from it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from blog.models import Edition as EditionRow


class Shown(NamedTuple):
    """What of a table the public sees: some columns (all if empty), in the rows that match.

    `from_moment` is a column with the moment before which a row is not shown yet.
    """

    columns: str = ""
    rows: str = ""
    from_moment: str = ""


# Other apps add theirs. A test reads every public page and compares which tables it came from.
SHOWN = {
    "blog_post": Shown(rows="{row}.status = 'published'", from_moment="published_at"),
    "blog_post_categories": Shown(),
    "blog_category": Shown(),
    # Not when somebody signs in or changes her password.
    "blog_author": Shown("slug, display_name, first_name, last_name, bio, photo, website"),
    "blog_site": Shown(),
    "blog_link": Shown(),
    "blog_page": Shown(rows="{row}.status = 'published'"),
}

# --- In the database ------------------------------------------------------------------------

# Not INSERT OR REPLACE: inside of a trigger the statement outside decides about conflicts, and
# Django adds to a many-to-many relation with INSERT OR IGNORE.
SQLITE = [
    "DROP TRIGGER IF EXISTS {name}",
    """CREATE TRIGGER {name} AFTER {event} ON {table} {when} BEGIN
    UPDATE blog_edition SET token = lower(hex(randomblob(16)));
    INSERT INTO blog_edition (token)
    SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM blog_edition); END""",
]
POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION blog_new_edition() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO blog_edition (token, transaction, server_started_at)
    VALUES (gen_random_uuid(), pg_current_xact_id()::text::bigint, pg_postmaster_start_time())
    ON CONFLICT (transaction, server_started_at) DO NOTHING;
    RETURN NULL; END $$""",
    """CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table}
    FOR EACH ROW {when} EXECUTE FUNCTION blog_new_edition()""",
]


def fit(using: str, **kwargs: Any) -> None:
    """Receives `post_migrate`. The tables are not all there after a part of the migrations."""
    connection = connections[using]
    statements = SQLITE if connection.vendor == "sqlite" else POSTGRESQL
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if EditionRow._meta.db_table not in tables:
            return
        for table in SHOWN.keys() & tables:
            for trigger in _triggers(table, SHOWN[table]):
                for statement in statements:
                    cursor.execute(statement.format(table=table, **trigger))
    # What changed while they were not there was not noticed.
    EditionRow.objects.using(using).begin()


def _triggers(table: str, shown: Shown) -> Iterator[dict[str, str]]:
    old, new = (f"({shown.rows.format(row=row)})" for row in ("OLD", "NEW"))
    update = f"UPDATE OF {shown.columns}" if shown.columns else "UPDATE"
    for event, rows in (("INSERT", new), (update, f"{old} OR {new}"), ("DELETE", old)):
        name = f"{table}_edition_{event.split()[0].lower()}"
        when = f"WHEN ({rows})" if shown.rows else ""
        yield {"name": name, "event": event, "when": when}


# --- For whoever asks -----------------------------------------------------------------------


class Edition(NamedTuple):
    """All tokens, and the moment (in seconds since 1970) at which the clock ends this edition."""

    tokens: tuple[str, ...]
    ends_at: float


def current(connection: BaseDatabaseWrapper) -> Edition:
    """Raises DatabaseError where the database cannot say."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM blog_edition ORDER BY id")
        tokens = tuple(token for (token,) in cursor.fetchall())
        cursor.execute(*_next_moments(connection, now))
        moments = [_as_moment(value).timestamp() for (value,) in cursor.fetchall() if value]
    return Edition(tokens, min(moments, default=float("inf")))


def _next_moments(connection: BaseDatabaseWrapper, now: datetime) -> tuple[str, list[Any]]:
    """For each table, when the next of its rows will be shown."""
    asked = [
        f"SELECT MIN({shown.from_moment}) FROM {table} shown"  # noqa: S608  # only names of ours
        f" WHERE {shown.from_moment} > %s AND {shown.rows.format(row='shown') or '1 = 1'}"
        for table, shown in SHOWN.items()
        if shown.from_moment
    ]
    return " UNION ALL ".join(asked), [connection.ops.adapt_datetimefield_value(now)] * len(asked)


def _as_moment(value: Any) -> datetime:
    """SQLite gives a text, which is in UTC."""
    if isinstance(value, datetime):
        return value
    moment = parse_datetime(value)
    if moment is None:
        raise ValueError(f"{value!r} is no moment.")
    return moment.replace(tzinfo=UTC)


def may_begin_with(sql: str) -> bool:
    """Whether a statement may have changed what the public sees. Asking once too often is cheap."""
    return not sql.startswith("SELECT") and any(table in sql for table in SHOWN)
