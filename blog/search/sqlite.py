"""The index on SQLite: an FTS5 table of tokens, in which a post's row is numbered by its newness.

So the table itself runs from the newest to the oldest, and a search stops where it has enough.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter

from django.db import connection

from blog.archive import Period
from blog.models.search import SearchEntry
from blog.prepared import Written, text
from blog.search.clauses import COLUMNS, Clause, Fields, entries_to_match, moments
from blog.search.query import Tokens

# What a match counts in a title, in a summary, in the text, in the name of a category or author.
WEIGHTS = {"title": 10.0, "summary": 4.0, "body": 1.0, "places": 3.0}
SCORE = f"-bm25(blog_search, {', '.join(map(str, WEIGHTS.values()))})"
# No word begins so; a place is therefore never taken for one, and no column has to be named. FTS5
# would look at each position of a word to see which column it is in. (For its tokenizer whatever
# is not ASCII is a letter.)
PLACE = "§"
ADD = f"""
    INSERT OR REPLACE INTO blog_search (rowid, {", ".join(WEIGHTS)}) VALUES (%s, %s, %s, %s, %s)
"""  # noqa: S608
REMOVE = """
    DELETE FROM blog_search
    WHERE rowid = (SELECT newness FROM blog_searchentry WHERE post_id = %s)
"""
# Of rows that are known already, as a list in JSON. The plus keeps FTS5 from looking for each of
# them alone, and it cannot score where values are gathered.
SCORES = f"""
    WITH found AS MATERIALIZED (
        SELECT rowid, {SCORE} AS score FROM blog_search
        WHERE blog_search MATCH %s AND rowid BETWEEN %s AND %s
        AND +rowid IN (SELECT value FROM json_each(%s))
    )
    SELECT json_group_object(rowid, score) FROM found
"""  # noqa: S608
AMONG = """
    SELECT json_group_array(rowid) FROM blog_search
    WHERE blog_search MATCH %s AND rowid BETWEEN %s AND %s
"""


def forget(post_ids: Iterable[int]) -> None:
    """Take out what stands under these posts' old dates."""
    with connection.cursor() as cursor:
        cursor.executemany(REMOVE, [[post_id] for post_id in post_ids])


def store(entries: Iterable[tuple[SearchEntry, Fields]]) -> None:
    rows: list[tuple] = [
        (entry.newness, *(" ".join(_stored(fields)[name]) for name in WEIGHTS))
        for entry, fields in entries
    ]
    # FTS5 writes what it has gathered to the disk whenever a number is lower than the one before.
    rows.sort(key=itemgetter(0))
    with connection.cursor() as cursor:
        cursor.executemany(ADD, rows)


def tidy() -> None:
    """Nothing: FTS5 merges what was written bit by bit as it goes."""


def ranked(clauses: Sequence[Clause], most: int, period: Period | None = None) -> list[list]:
    """The newest `most` entries that match and that the public may see, as COLUMNS, in no order."""
    has_phrases = any(len(reading.tokens) > 1 for each in clauses for reading in each.readings)
    # What excludes has to look at all posts anyway, and is scored on the way.
    is_scored = any(clause.is_excluded for clause in clauses) and not has_phrases
    newest = _newest(SCORE if is_scored else "0", most, period is not None)
    [columns] = newest.ask(asked=_expression(clauses, _phrase), **moments(period))
    scores, numbers, *others = map(json.loads, columns)
    if numbers and not is_scored:
        score = _scores if len(numbers) < most else _scores_of_many
        scores = score(numbers, [clause for clause in clauses if not clause.is_excluded])
    return [scores, numbers, *others]


@lru_cache
def _newest(score: str, most: int, in_period: bool) -> Written:
    matching = entries_to_match(in_period=in_period).extra(  # noqa: S610 (what was typed is a parameter)
        select={"score": score, "number": "blog_search.rowid"},
        tables=["blog_search"],
        where=["blog_search.rowid = blog_searchentry.newness", "blog_search MATCH %s"],
        params=[text("asked")],
        order_by=["-number"],
    )
    rows = Written.of(matching.values_list(*COLUMNS)[:most])
    lists = ", ".join(f"json_group_array({name})" for name in COLUMNS)
    return Written(f"SELECT {lists} FROM ({rows.sql})", rows.values)  # noqa: S608


def _scores(numbers: list[int], wanted: Sequence[Clause]) -> list[float]:
    """By how often the words stand where. A phrase counts as the longest of its words does.

    FTS5 first counts everything it looks for in all posts, which takes little time for a word and
    a tenth of a second for two frequent ones side by side.
    """
    asked = _expression(wanted, _longest_word)
    with connection.cursor() as cursor:
        cursor.execute(SCORES, [asked, min(numbers), max(numbers), json.dumps(numbers)])
        found = json.loads(cursor.fetchone()[0])
    # Somebody may have changed one of them in between.
    return [found.get(str(number), 0.0) for number in numbers]


def _scores_of_many(numbers: list[int], wanted: Sequence[Clause]) -> list[float]:
    """By where the words stand beside the text, however often: it takes a tenth of the time.

    So many posts have them that most say little about one; the newer comes first.
    """
    scores = dict.fromkeys(numbers, 0.0)
    with connection.cursor() as cursor:
        for clause in wanted:
            for field in ("title", "summary", *(["places"] if clause.places else [])):
                asked = f"{{{field}}} : {_one(clause, _phrase)}"
                cursor.execute(AMONG, [asked, min(numbers), max(numbers)])
                for number in scores.keys() & json.loads(cursor.fetchone()[0]):
                    scores[number] += WEIGHTS[field]
    return list(scores.values())


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


def _longest_word(reading: Tokens) -> str:
    if len(reading.tokens) == 1:
        return _phrase(reading)
    # The last one may be no more than a beginning, and is looked for as one only by itself.
    whole = reading.tokens[:-1] if reading.is_prefix else reading.tokens
    return _quoted(max(whole, key=len))


def _quoted(tokens: str) -> str:
    """Between quotes nothing is an operator; and no token has a quote in it."""
    return f'"{tokens}"'
