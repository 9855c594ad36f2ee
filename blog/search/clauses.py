"""What the two indexes are given: tokens to keep, and clauses to match."""

from dataclasses import dataclass

from blog.search.query import Tokens

# The tokens of a post by field: title, summary, body, and places, which are its categories, its
# author and its year.
type Fields = dict[str, list[str]]
# Of an entry that was found.
COLUMNS = ("newness", "post_id", "author_id", "category_ids")


@dataclass(frozen=True, slots=True)
class Clause:
    """A post matches if its words have one of the readings, or it stands in one of the places."""

    readings: tuple[Tokens, ...] = ()
    places: tuple[str, ...] = ()
    is_excluded: bool = False


def category_token(pk: int) -> str:
    return f"c{pk}"


def author_token(pk: int) -> str:
    return f"a{pk}"


def year_token(year: int) -> str:
    return f"y{year}"
