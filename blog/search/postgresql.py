"""The index on PostgreSQL: a `tsvector` beside each entry, with a GIN index over all of them.

The tokens are ours, so no text search configuration and no extension is asked for anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count

from django.db import connection, transaction
from django.db.models import BigIntegerField, ExpressionWrapper, F, Min, QuerySet

from blog.archive import Period
from blog.models.search import SearchEntry
from blog.prepared import Written, text
from blog.search.clauses import COLUMNS, Clause, Fields, entries_to_match, moments
from blog.search.query import Tokens

WEIGHTS = {"title": "A", "summary": "B", "places": "C", "body": "D"}
# What a match counts in the text, in a name, in a summary, in a title; a long post's count less.
# Scored at last, where only what is ranked is left; older posts are looked at only if need be.
# Where more match than that, what stands beside the text decides: to fetch 2,000 whole vectors
# takes 10 ms, and to score two frequent words in them 50 more.
RANK = """
    WITH recent AS MATERIALIZED ({recent}),
    newest AS MATERIALIZED (
        SELECT * FROM recent WHERE (SELECT count(*) FROM recent) = %s
        UNION ALL
        SELECT * FROM ({all}) AS every WHERE (SELECT count(*) FROM recent) < %s
    )
    SELECT {lists} FROM (
        SELECT ts_rank(
            '{{0.1, 0.3, 0.4, 1.0}}',
            CASE WHEN (SELECT count(*) FROM newest) = %s THEN heading ELSE vector END,
            %s::tsquery,
            1
        ) AS score, * FROM newest
    ) AS found
"""
# No word has both; a place is therefore never taken for one.
PLACE = "="
# PostgreSQL refuses more than 1 MB, and keeps 255 positions of a lexeme and 16,383 of a text.
MOST_BYTES = 900_000
MOST_POSITIONS = 255
LAST_POSITION = 16_383

# "Recent" are the newest entries, with an index of their own: of a word that stands in most posts
# they alone have more than is ranked, and all others need not be looked at. New ones come in by
# themselves, and `tidy` puts the oldest out. Whatever is newer than a recent entry is recent.
RECENT = 10_000
MOST_RECENT = 20_000
KEEP = """
    UPDATE blog_searchentry SET vector = %s::tsvector, recent = newness >= coalesce(
        (SELECT min(newness) FROM blog_searchentry WHERE recent AND post_id <> %s),
        (SELECT max(newness) FROM blog_searchentry WHERE post_id <> %s),
        newness
    ) WHERE post_id = %s
"""
TIDY = """
    UPDATE blog_searchentry SET recent = newness >= %s
    WHERE recent IS DISTINCT FROM (newness >= %s)
"""
# The planner does not know that a long tsvector takes its time to be fetched, and would read them
# all; and to start a second process takes longer than the search.
PLAN = "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0"
MATCHES = "vector @@ %s::tsquery"


def forget(post_ids: Iterable[int]) -> None:
    """Nothing: the tokens stand in the entry, which is written over."""


def store(entries: Iterable[tuple[SearchEntry, Fields]]) -> None:
    rows = [
        (vector(fields), entry.post_id, entry.post_id, entry.post_id) for entry, fields in entries
    ]
    with connection.cursor() as cursor:
        cursor.executemany(KEEP, rows)


def tidy() -> None:
    """Let the newest be recent, and only those.

    Posts that came in the newest first, or lost what was newer, may have left too few.
    """
    entries = SearchEntry.objects.all()
    if min(RECENT, entries.count()) <= _where(entries, "recent").count() <= MOST_RECENT:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # Nobody may add an entry by the old limit meanwhile.
        cursor.execute("LOCK TABLE blog_searchentry IN SHARE ROW EXCLUSIVE MODE")
        limit = entries.order_by("-newness")[:RECENT].aggregate(Min("newness"))["newness__min"]
        cursor.execute(TIDY, [limit, limit])


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


def ranked(clauses: Sequence[Clause], most: int, period: Period | None = None) -> list[list]:
    """The newest `most` entries that match and that the public may see, as COLUMNS, in no order."""
    newest = _newest(most, period is not None)
    asked = _expression(clauses)
    # With what must not be there in it, every post would be scored the same.
    wanted = _expression([clause for clause in clauses if not clause.is_excluded])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PLAN)
        [columns] = newest.ask(asked=asked, wanted=wanted, **moments(period))
    return list(columns)


@lru_cache
def _newest(most: int, in_period: bool) -> Written:
    # A sum, so that the planner does not walk the index of `newness` and read them all either.
    by_newness = ExpressionWrapper(F("newness") + 0, output_field=BigIntegerField())
    matching = _where(entries_to_match(in_period=in_period), MATCHES, text("asked"))
    matching = matching.annotate(by_newness=by_newness).order_by("-by_newness")
    matching = matching.extra(select={"vector": "vector", "heading": "heading"})
    matching = matching.values("vector", "heading", *COLUMNS[1:])
    recent, every = Written.of(_where(matching, "recent")[:most]), Written.of(matching[:most])
    lists = ", ".join(f"coalesce(json_agg({name}), '[]')" for name in COLUMNS)
    sql = RANK.format(recent=recent.sql, all=every.sql, lists=lists)
    return Written(sql, [*recent.values, most, *every.values, most, most, text("wanted")])


def _where(entries: QuerySet, condition: str, *parameters: object) -> QuerySet:
    return entries.extra(where=[condition], params=parameters)  # noqa: S610 (none is typed)


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
