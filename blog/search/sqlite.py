"""The index on SQLite: an FTS5 table of tokens, in which a post's row is numbered by its newness.

So the table itself runs from the newest to the oldest, and a search stops where it has enough.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from django.db import connection
from django.db.models import QuerySet

from blog.models.search import SearchEntry
from blog.search.clauses import COLUMNS, Clause, Fields
from blog.search.query import Tokens

# What a match counts in a title, in a summary, in the text, in the name of a category or author.
SCORE = "-bm25(blog_search, 10.0, 4.0, 1.0, 3.0)"
# No word begins so; a place is therefore never taken for one, and no column has to be named. FTS5
# would look at each position of a word to see which column it is in. (For its tokenizer whatever
# is not ASCII is a letter.)
PLACE = "§"
FIELDS = ("title", "summary", "body", "places")
ADD = f"""
    INSERT OR REPLACE INTO blog_search (rowid, {", ".join(FIELDS)}) VALUES (%s, %s, %s, %s, %s)
"""  # noqa: S608
REMOVE = """
    DELETE FROM blog_search
    WHERE rowid = (SELECT newness FROM blog_searchentry WHERE post_id = %s)
"""
# Of rows that are known already, as a list in JSON. The plus keeps FTS5 from looking for each alone.
SCORES = f"""
    SELECT rowid, {SCORE} FROM blog_search
    WHERE blog_search MATCH %s AND rowid BETWEEN %s AND %s
    AND +rowid IN (SELECT value FROM json_each(%s))
"""  # noqa: S608


def forget(post_ids: Iterable[int]) -> None:
    """Take out what stands under these posts' old dates."""
    with connection.cursor() as cursor:
        cursor.executemany(REMOVE, [[post_id] for post_id in post_ids])


def store(entries: Iterable[tuple[SearchEntry, Fields]]) -> None:
    rows: list[tuple] = [
        (entry.newness, *(" ".join(_stored(fields)[name]) for name in FIELDS))
        for entry, fields in entries
    ]
    # FTS5 writes what it has gathered to the disk whenever a number is lower than the one before.
    rows.sort(key=itemgetter(0))
    with connection.cursor() as cursor:
        cursor.executemany(ADD, rows)


def tidy() -> None:
    """Nothing: FTS5 merges what was written bit by bit as it goes."""


def ranked(entries: QuerySet[SearchEntry], clauses: Sequence[Clause], most: int) -> list[tuple]:
    """The newest `most` of `entries` that match, as `COLUMNS` after their score, in no order."""
    has_phrases = any(len(reading.tokens) > 1 for each in clauses for reading in each.readings)
    rows = _newest(entries, clauses, most, "0" if has_phrases else SCORE)
    return _scored(rows, clauses) if has_phrases and rows else rows


def _newest(
    entries: QuerySet[SearchEntry], clauses: Sequence[Clause], most: int, score: str
) -> list[tuple]:
    matching = entries.extra(  # noqa: S610 (what was typed is a parameter)
        select={"score": score, "number": "blog_search.rowid"},
        tables=["blog_search"],
        where=["blog_search.rowid = blog_searchentry.newness", "blog_search MATCH %s"],
        params=[_expression(clauses, _phrase)],
        order_by=["-number"],
    )
    sql, parameters = matching.values_list("score", *COLUMNS)[:most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _scored(rows: list[tuple], clauses: Sequence[Clause]) -> list[tuple]:
    """A phrase counts as its words do.

    To score, FTS5 counts everything it looks for in all posts, which takes little time for a word
    and a tenth of a second for two frequent ones side by side.
    """
    asked = _expression([clause for clause in clauses if not clause.is_excluded], _words)
    numbers = [row[1] for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(SCORES, [asked, min(numbers), max(numbers), json.dumps(numbers)])
        scores = dict(cursor.fetchall())
    # Somebody may have changed one of them in between.
    return [(scores.get(row[1], 0.0), *row[1:]) for row in rows]


def _stored(fields: Fields) -> Fields:
    return fields | {"places": [PLACE + place for place in fields["places"]]}


def _expression(clauses: Sequence[Clause], written: Callable[[Tokens], str]) -> str:
    wanted = " AND ".join(_one(clause, written) for clause in clauses if not clause.is_excluded)
    unwanted = [f" NOT {_one(clause, written)}" for clause in clauses if clause.is_excluded]
    return f"({wanted}){''.join(unwanted)}"


def _one(clause: Clause, written: Callable[[Tokens], str]) -> str:
    places = [_quoted(PLACE + place) for place in clause.places]
    return f"({' OR '.join([*map(written, clause.readings), *places])})"


def _phrase(reading: Tokens) -> str:
    return _quoted(" ".join(reading.tokens)) + (" *" if reading.is_prefix else "")


def _words(reading: Tokens) -> str:
    *firsts, last = reading.tokens
    return f"({' AND '.join([*map(_quoted, firsts), _phrase(Tokens((last,), reading.is_prefix))])})"


def _quoted(tokens: str) -> str:
    """Between quotes nothing is an operator; and no token has a quote in it."""
    return f'"{tokens}"'
