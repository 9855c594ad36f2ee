"""The index on SQLite: an FTS5 table of tokens, in which a post's row is numbered by its newness.

So the table itself runs from the newest to the oldest, and a search stops where it has enough.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter

from django.db import connection
from django.db.models import QuerySet

from blog.models.search import SearchEntry
from blog.search.clauses import COLUMNS, Clause, Fields
from blog.search.query import Tokens

# What a match counts in a title, in a summary, in the text, in the name of a category or author.
SCORE = "-bm25(blog_search, 10.0, 4.0, 1.0, 3.0)"
FIELDS = ("title", "summary", "body", "places")
ADD = f"""
    INSERT OR REPLACE INTO blog_search (rowid, {", ".join(FIELDS)}) VALUES (%s, %s, %s, %s, %s)
"""  # noqa: S608
REMOVE = """
    DELETE FROM blog_search
    WHERE rowid = (SELECT newness FROM blog_searchentry WHERE post_id = %s)
"""


def forget(post_ids: Iterable[int]) -> None:
    """Take out what stands under these posts' old dates."""
    with connection.cursor() as cursor:
        cursor.executemany(REMOVE, [[post_id] for post_id in post_ids])


def store(entries: Iterable[tuple[SearchEntry, Fields]]) -> None:
    rows: list[tuple] = [
        (entry.newness, *(" ".join(fields[name]) for name in FIELDS)) for entry, fields in entries
    ]
    # FTS5 writes what it has gathered to the disk whenever a number is lower than the one before.
    rows.sort(key=itemgetter(0))
    with connection.cursor() as cursor:
        cursor.executemany(ADD, rows)


def tidy() -> None:
    """Nothing: FTS5 merges what was written bit by bit as it goes."""


def ranked(entries: QuerySet[SearchEntry], clauses: Sequence[Clause], most: int) -> list[tuple]:
    """The newest `most` of `entries` that match, as `COLUMNS` after their score, in no order."""
    matching = entries.extra(  # noqa: S610 (what was typed is a parameter)
        select={"score": SCORE, "number": "blog_search.rowid"},
        tables=["blog_search"],
        where=["blog_search.rowid = blog_searchentry.newness", "blog_search MATCH %s"],
        params=[_expression(clauses)],
        order_by=["-number"],
    )
    sql, parameters = matching.values_list("score", *COLUMNS)[:most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _expression(clauses: Sequence[Clause]) -> str:
    wanted = " AND ".join(_one(clause) for clause in clauses if not clause.is_excluded)
    unwanted = "".join(f" NOT {_one(clause)}" for clause in clauses if clause.is_excluded)
    return f"({wanted}){unwanted}"


def _one(clause: Clause) -> str:
    parts = []
    if clause.readings:
        readings = " OR ".join(_phrase(reading) for reading in clause.readings)
        parts.append(f"{{title summary body}} : ({readings})")
    if clause.places:
        parts.append(f"places : ({' OR '.join(map(_quoted, clause.places))})")
    return f"({' OR '.join(parts)})"


def _phrase(reading: Tokens) -> str:
    return _quoted(" ".join(reading.tokens)) + (" *" if reading.is_prefix else "")


def _quoted(tokens: str) -> str:
    """Between quotes nothing is an operator; and no token has a quote in it."""
    return f'"{tokens}"'
