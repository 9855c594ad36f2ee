"""The index on PostgreSQL: a `tsvector` beside each entry, with a GIN index over all of them.

The tokens are ours, so no text search configuration and no extension is asked for anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

from django.db import connection
from django.db.models import QuerySet

from blog.models.search import SearchEntry
from blog.search.clauses import Clause, Fields
from blog.search.query import Tokens

WEIGHTS = {"title": "A", "summary": "B", "places": "C", "body": "D"}
# What a match counts in the text, in a name, in a summary, in a title; a long post's count less.
SCORE = "ts_rank('{0.1, 0.3, 0.4, 1.0}', vector, %s::tsquery, 1)"
# No word has both; a place is therefore never taken for one.
PLACE = "="
# PostgreSQL refuses more than 1 MB, and keeps 255 positions of a lexeme and 16,383 of a text.
MOST_BYTES = 900_000
MOST_POSITIONS = 255
LAST_POSITION = 16_383


def forget(post_ids: Iterable[int]) -> None:
    """Nothing: the tokens stand in the entry, which is written over."""


def store(entries: Iterable[tuple[SearchEntry, Fields]]) -> None:
    rows = [(vector(fields), entry.post_id) for entry, fields in entries]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE blog_searchentry SET vector = %s::tsvector WHERE post_id = %s", rows
        )


def vector(fields: Fields) -> str:
    """The tokens with their positions, as PostgreSQL reads a tsvector."""
    places = {"places": [PLACE + place for place in fields["places"]]}
    positions: dict[str, list[str]] = defaultdict(list)
    counter = count(1)
    for name, weight in WEIGHTS.items():
        for token in (fields | places)[name]:
            positions[token].append(f"{min(next(counter), LAST_POSITION)}{weight}")
        next(counter)  # no phrase runs from one field into the next
    written, size = [], 0
    for token, found in positions.items():
        found = found[:MOST_POSITIONS]
        size += len(token.encode()) + 2 * len(found) + 4
        if size > MOST_BYTES:
            break
        written.append(f"{_quoted(token)}:{','.join(found)}")
    return " ".join(written)


def ranked(entries: QuerySet[SearchEntry], clauses: Sequence[Clause], most: int) -> QuerySet:
    """The newest `most` of `entries` that match, each with its score, in no order."""
    asked = _expression(clauses)
    newest = entries.extra(where=["vector @@ %s::tsquery"], params=[asked])
    newest = newest.order_by("-newness").values("pk")[:most]
    return SearchEntry.objects.filter(pk__in=newest).extra(
        select={"score": SCORE}, select_params=[asked]
    )


def _expression(clauses: Sequence[Clause]) -> str:
    return " & ".join(("!" if clause.is_excluded else "") + _one(clause) for clause in clauses)


def _one(clause: Clause) -> str:
    places = (_quoted(PLACE + place) for place in clause.places)
    return f"({' | '.join([*map(_phrase, clause.readings), *places])})"


def _phrase(reading: Tokens) -> str:
    *firsts, last = map(_quoted, reading.tokens)
    return f"({' <-> '.join([*firsts, last + (':*' if reading.is_prefix else '')])})"


def _quoted(token: str) -> str:
    """No token has a quote or a backslash in it."""
    return f"'{token}'"
