"""The triggers that keep `Place` and `Mark`, on both databases, and the setting of marks.

Triggers, because posts change in more ways than `save()`: bulk updates, the many-to-many table, a
merge of categories, an import. A trigger sees them all, in their own transaction.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from blog.models import Author, Category, Mark, Place
from blog.models.place import EVERYTHING, STEP, list_of, newer_than

_IN_ALL = """
    INSERT INTO blog_place (list, post_id, published_at)
    SELECT 'all', p.id, p.published_at FROM blog_post p WHERE p.status = 'published'
"""
_OF_AUTHOR = """
    INSERT INTO blog_place (list, post_id, published_at)
    SELECT 'author:' || p.author_id, p.id, p.published_at FROM blog_post p
    WHERE p.status = 'published' AND p.author_id IS NOT NULL
"""
_IN_CATEGORY = """
    INSERT INTO blog_place (list, post_id, published_at)
    SELECT 'category:' || f.category_id, p.id, p.published_at
    FROM blog_post_categories f JOIN blog_post p ON p.id = f.post_id WHERE p.status = 'published'
"""
EVERY_PLACE = [_IN_ALL, _OF_AUTHOR, _IN_CATEGORY]

_ENTER = [f"{places} AND p.id = NEW.id" for places in EVERY_PLACE]
_LEAVE = "DELETE FROM blog_place WHERE post_id = OLD.id"
_FILE = f"{_IN_CATEGORY} AND f.post_id = NEW.post_id AND f.category_id = NEW.category_id"
_UNFILE = """
    DELETE FROM blog_place
    WHERE post_id = OLD.post_id AND list = 'category:' || OLD.category_id
"""
_UNMARK_NEW = """
    DELETE FROM blog_mark
    WHERE list = NEW.list AND (published_at, post_id) >= (NEW.published_at, NEW.post_id)
"""
_UNMARK_OLD = _UNMARK_NEW.replace("NEW.", "OLD.")
_MOVED = " OR ".join(
    f"OLD.{column} {{differs}} NEW.{column}" for column in ("status", "published_at", "author_id")
)


@dataclass(frozen=True, slots=True)
class Trigger:
    name: str
    event: str
    table: str
    acts: list[str]
    when: str = ""

    def create(self, vendor: str) -> list[str]:
        """The statements that make it, in the database's own words."""
        acts = "; ".join(self.acts)
        differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
        when = f" WHEN ({self.when.format(differs=differs)})" if self.when else ""
        head = f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} FOR EACH ROW{when}"
        if vendor == "sqlite":
            return [f"{head} BEGIN {acts}; END"]
        function = f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql"
        return [
            f"{function} AS $$ BEGIN {acts}; RETURN NULL; END $$",
            f"{head} EXECUTE FUNCTION {self.name}()",
        ]

    def drop(self, vendor: str) -> str:
        on_table = "" if vendor == "sqlite" else f" ON {self.table}"
        return f"DROP TRIGGER IF EXISTS {self.name}{on_table}"


_WHERE_IT_STANDS = "UPDATE OF status, published_at, author_id"

TRIGGERS = [
    Trigger("place_post_added", "INSERT", "blog_post", _ENTER),
    Trigger("place_post_moved", _WHERE_IT_STANDS, "blog_post", [_LEAVE, *_ENTER], _MOVED),
    Trigger("place_post_gone", "DELETE", "blog_post", [_LEAVE]),
    Trigger("place_filed", "INSERT", "blog_post_categories", [_FILE]),
    Trigger("place_refiled", "UPDATE", "blog_post_categories", [_UNFILE, _FILE]),
    Trigger("place_unfiled", "DELETE", "blog_post_categories", [_UNFILE]),
    Trigger("mark_place_added", "INSERT", "blog_place", [_UNMARK_NEW]),
    Trigger("mark_place_gone", "DELETE", "blog_place", [_UNMARK_OLD]),
]


def drop_triggers(plan: Any = (), **signal: Any) -> None:
    """Before migrations: SQLite remakes a table to change it, and trips over triggers that name it.

    A migration that changes posts by hand is caught up with when they are made again.
    """
    if plan and "blog_mark" in connection.introspection.table_names():
        _execute([trigger.drop(connection.vendor) for trigger in TRIGGERS])


def make_triggers(**signal: Any) -> None:
    """After migrations: where some are missing, make all of them and fill the lists anew."""
    if existing() >= {trigger.name for trigger in TRIGGERS}:
        return
    if "blog_mark" not in connection.introspection.table_names():
        return
    with transaction.atomic():
        for trigger in TRIGGERS:
            _execute([trigger.drop(connection.vendor), *trigger.create(connection.vendor)])
        fill()


def fill() -> None:
    """Write all places anew."""
    _execute(["DELETE FROM blog_mark", "DELETE FROM blog_place", *EVERY_PLACE])


def set_missing_marks() -> int:
    """Set the marks that are due, of all lists; returns how many. The sweep calls it now and then.

    A list without any costs one walk over at most a thousand entries of an index.
    """
    rows = [*Author.objects.only("pk"), *Category.objects.only("pk")]
    return sum(set_marks(name) for name in [EVERYTHING, *map(list_of, rows)])


def set_marks(name: str) -> int:
    if _next_mark(name, Mark.objects.newest(name).first()) is None:
        return 0
    with transaction.atomic():
        _let_no_place_change()
        mark, found = Mark.objects.newest(name).first(), []
        while mark := _next_mark(name, mark):
            found.append(mark)
        # Another worker may be at it too, and finds the same.
        Mark.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def _next_mark(name: str, last: Mark | None) -> Mark | None:
    places = Place.objects.of(name).order_by("published_at", "post_id")
    if last:
        places = places.filter(newer_than(last), published_at__gte=last.published_at)
    number = last.number + STEP if last else STEP
    place = places[STEP - 1 : STEP].first()
    if place is None:
        return None
    key = {"published_at": place.published_at, "post_id": place.post_id}
    return Mark(list=name, number=number, **key)


def _let_no_place_change() -> None:
    """On PostgreSQL, a post that is being saved now would not be seen, and would move the marks.

    SQLite has one writer at a time anyhow.
    """
    if connection.vendor == "postgresql":
        _execute(["SET LOCAL lock_timeout = '2s'", "LOCK TABLE blog_place IN SHARE MODE"])


def existing() -> set[str]:
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(names[connection.vendor])
        return {row[0] for row in cursor.fetchall()}


def _execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
