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
    WITH recent AS MATERIALIZED ({recent}), newest AS MATERIALIZED ({newest})
    SELECT {lists} FROM (
        SELECT ts_rank(
            '{{0.1, 0.3, 0.4, 1.0}}',
            CASE WHEN (SELECT count(*) FROM newest) = %s THEN heading ELSE vector END,
            %s::tsquery,
            1
        ) AS score, * FROM newest
    ) AS found
"""
RECENT_OR_ALL = """
    SELECT * FROM recent WHERE (SELECT count(*) FROM recent) = %s
    UNION ALL
    SELECT * FROM ({all}) AS every WHERE (SELECT count(*) FROM recent) < %s
"""
# Which words stand side by side is in the vectors alone, and to fetch 10,000 of them takes 70 ms.
# So the index tells who has the words at all, and of those one after the other is looked at, the
# newest first, until there are enough. OFFSET keeps the planner from any other order.
SIDE_BY_SIDE = """
    SELECT entry.* FROM ({having_words} OFFSET 0) AS having_words, LATERAL (
        SELECT vector, heading, {columns} FROM blog_searchentry
        WHERE ctid = having_words.place OFFSET 0
    ) AS entry
    WHERE entry.vector @@ %s::tsquery ORDER BY by_newness DESC
    LIMIT {limit}
"""
RECENT_AND_OLDER = "SELECT * FROM recent UNION ALL ({older})"
MISSING = "%s - (SELECT count(*) FROM recent)"
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
# all; and to start a second process takes longer than the search. A plan for all questions alike
# would not suit the rare words.
PLAN = (
    "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0;"
    "SET LOCAL plan_cache_mode = force_custom_plan"
)
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
    make = _newest_side_by_side if any(map(_has_phrase, clauses)) else _newest
    newest = make(most, period is not None)
    # With what must not be there in it, every post would be scored the same.
    wanted = [clause for clause in clauses if not clause.is_excluded]
    # By the words alone nobody can tell that they do not stand side by side.
    certain = [each for each in clauses if not (each.is_excluded and _has_phrase(each))]
    expressions = {
        "asked": _expression(clauses),
        "wanted": _expression(wanted),
        "words": _expression(certain, " & "),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PLAN)
        [columns] = newest.ask(**expressions, **moments(period))
    return list(columns)


def _has_phrase(clause: Clause) -> bool:
    return any(len(reading.tokens) > 1 for reading in clause.readings)


@lru_cache
def _newest(most: int, in_period: bool) -> Written:
    matching = _by_newness(_where(entries_to_match(in_period=in_period), MATCHES, text("asked")))
    matching = matching.extra(select={"vector": "vector", "heading": "heading"})
    matching = matching.values("vector", "heading", *COLUMNS[1:])
    recent, every = Written.of(_where(matching, "recent")[:most]), Written.of(matching[:most])
    newest = RECENT_OR_ALL.format(all=every.sql)
    return _ranking(recent, Written(newest, [most, *every.values, most]), most)


@lru_cache
def _newest_side_by_side(most: int, in_period: bool) -> Written:
    matching = _by_newness(_where(entries_to_match(in_period=in_period), MATCHES, text("words")))
    matching = matching.extra(select={"place": "ctid"}).values("place", "by_newness")
    recent = _side_by_side(_where(matching, "recent"), "%s", most)
    # Whoever is not recent is older.
    older = _side_by_side(_where(matching, "NOT recent"), MISSING, most)
    newest = RECENT_AND_OLDER.format(older=older.sql)
    return _ranking(recent, Written(newest, older.values), most)


def _by_newness(entries: QuerySet) -> QuerySet:
    # A sum, so that the planner does not walk the index of `newness` and read them all either.
    by_newness = ExpressionWrapper(F("newness") + 0, output_field=BigIntegerField())
    return entries.annotate(by_newness=by_newness).order_by("-by_newness")


def _side_by_side(matching: QuerySet, limit: str, most: int) -> Written:
    having_words, columns = Written.of(matching), ", ".join(COLUMNS[1:])
    sql = SIDE_BY_SIDE.format(having_words=having_words.sql, columns=columns, limit=limit)
    return Written(sql, [*having_words.values, text("asked"), most])


def _ranking(recent: Written, newest: Written, most: int) -> Written:
    lists = ", ".join(f"coalesce(json_agg({name}), '[]')" for name in COLUMNS)
    sql = RANK.format(recent=recent.sql, newest=newest.sql, lists=lists)
    return Written(sql, [*recent.values, *newest.values, most, text("wanted")])


def _where(entries: QuerySet, condition: str, *parameters: object) -> QuerySet:
    return entries.extra(where=[condition], params=parameters)  # noqa: S610 (none is typed)


def _expression(clauses: Sequence[Clause], beside: str = " <-> ") -> str:
    return " & ".join(("!" if each.is_excluded else "") + _one(each, beside) for each in clauses)


def _one(clause: Clause, beside: str) -> str:
    readings = [_phrase(reading, beside) for reading in clause.readings]
    return f"({' | '.join([*readings, *(_quoted(PLACE + place) for place in clause.places)])})"


def _phrase(reading: Tokens, beside: str) -> str:
    *firsts, last = map(_quoted, reading.tokens)
    return f"({beside.join([*firsts, last + (':*' if reading.is_prefix else '')])})"


def _quoted(token: str) -> str:
    """No token has a quote or a backslash in it."""
    return f"'{token}'"
