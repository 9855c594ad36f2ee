"""The database's own eye on posts: whoever changes one, by whatever means, leaves a mark.

Status and time are copied at once, since they decide who may see a post. The triggers are fitted
after every `migrate` like those of newsletter.locks. SQLite remakes a table to alter it, and then
refuses if a trigger names it; there they are taken away before.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.utils import CursorWrapper

TEXTS = ("title", "summary", "body", "html", "language")
PLACES = ("status", "published_at", "author_id")

MARK_NEW_POST = "INSERT INTO blog_searchmark (post_id) VALUES (NEW.id);"
COPY = """UPDATE blog_searchentry SET status = NEW.status, published_at = NEW.published_at
    WHERE post_id = NEW.id;"""
MARK_NEW = "INSERT INTO blog_searchmark (post_id) VALUES (NEW.post_id);"
MARK_OLD = "INSERT INTO blog_searchmark (post_id) VALUES (OLD.post_id);"
RENDER = "UPDATE blog_post SET markdown_version = 0 WHERE id = NEW.id;"


@dataclass(frozen=True, slots=True)
class Trigger:
    """After `change` of a row of `table`, or after an update that changes one of `columns`."""

    name: str
    table: str
    change: str
    does: str
    columns: tuple[str, ...] = ()
    # Columns that were left as they are, by whoever changed one of the others.
    unless: tuple[str, ...] = ()

    @property
    def event(self) -> str:
        of = f" OF {', '.join(self.columns)}" if self.columns else ""
        return f"AFTER {self.change}{of} ON {self.table} FOR EACH ROW"

    def condition(self, differs: str, equals: str) -> str:
        if not self.columns:
            return ""
        changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in self.columns)
        left = "".join(f" AND OLD.{name} {equals} NEW.{name}" for name in self.unless)
        return f"WHEN (({changed}){left})"


LINKS = "blog_post_categories"
TRIGGERS = [
    Trigger("search_post_added", "blog_post", "INSERT", MARK_NEW_POST),
    Trigger("search_post_changed", "blog_post", "UPDATE", COPY + MARK_NEW_POST, TEXTS + PLACES),
    # A body that somebody changed past `Post.save()` has yet to be laid out.
    Trigger("search_post_bare", "blog_post", "UPDATE", RENDER, ("body",), unless=("html",)),
    Trigger("search_link_added", LINKS, "INSERT", MARK_NEW),
    Trigger(
        "search_link_changed", LINKS, "UPDATE", MARK_OLD + MARK_NEW, ("post_id", "category_id")
    ),
    Trigger("search_link_removed", LINKS, "DELETE", MARK_OLD),
]
TABLES = {"blog_post", LINKS, "blog_searchmark", "blog_searchentry"}
# The index of SQLite is a table of its own, from which nothing is deleted by a foreign key.
SQLITE_ONLY = Trigger(
    "search_entry_removed",
    "blog_searchentry",
    "DELETE",
    "DELETE FROM blog_search WHERE rowid = OLD.newness;",
)
# Of each match a search reads these columns. Where they stand side by side that takes a third of
# the time, since most of an entry is text. Django knows nothing of it, because PostgreSQL has no
# use for it and could not take in a post of very many categories.
BY_NUMBER = """
    CREATE INDEX IF NOT EXISTS searchentry_by_number ON blog_searchentry
    (newness, status, published_at, post_id, author_id, category_ids)
"""


def fit(using: str, **kwargs: Any) -> None:
    """Receives `post_migrate`. The tables are not all there after a part of the migrations."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if not set(connection.introspection.table_names(cursor)) >= TABLES:
            return
        create = _create_on_sqlite if connection.vendor == "sqlite" else _create_on_postgresql
        for trigger in TRIGGERS:
            create(cursor, trigger)
        if connection.vendor == "sqlite":
            create(cursor, SQLITE_ONLY)
            cursor.execute(BY_NUMBER)
        # On the first time, and whatever came while the triggers were away.
        cursor.execute(
            "INSERT INTO blog_searchmark (post_id) SELECT id FROM blog_post WHERE NOT EXISTS "
            "(SELECT 1 FROM blog_searchentry WHERE post_id = blog_post.id)"
        )


def take_away(using: str, plan: list, **kwargs: Any) -> None:
    """Receives `pre_migrate`."""
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for trigger in [*TRIGGERS, SQLITE_ONLY]:
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")


def _create_on_sqlite(cursor: CursorWrapper, trigger: Trigger) -> None:
    cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")
    when = trigger.condition("IS NOT", "IS")
    cursor.execute(f"CREATE TRIGGER {trigger.name} {trigger.event} {when} BEGIN {trigger.does} END")


def _create_on_postgresql(cursor: CursorWrapper, trigger: Trigger) -> None:
    name, when = trigger.name, trigger.condition("IS DISTINCT FROM", "IS NOT DISTINCT FROM")
    cursor.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {trigger.does} RETURN NULL; END $$"
    )
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER {name} {trigger.event} {when} EXECUTE FUNCTION {name}()"
    )
