"""Writing what search knows: the only writer of its tables, beside the triggers' marks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import QuerySet

from blog.markdown.bare import bare
from blog.models import Post
from blog.models.search import SearchEntry, SearchMark, SearchWord, newness_of
from blog.prepared import Prepared
from blog.search.backends import backend
from blog.search.clauses import Fields, author_token, category_token, year_token
from blog.search.words import WORD, fold, is_unspaced, tokens

# Marks that somebody who searches, or a task, takes in at once.
MOST_MARKS = 100
# No clock is further than this from UTC.
ZONES = timedelta(hours=14)
# Longer ones are addresses and the like; shorter ones are not worth a completion.
WORD_LENGTHS = range(3, 41)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A post on its way into the index: its row, and its tokens by field."""

    entry: SearchEntry
    fields: Fields


def catch_up(post_ids: Iterable[int] | None = None, *, most: int | None = None) -> int:
    """Take in what was marked, of these posts or of any; returns how many marks that were."""
    if post_ids is None:
        marks = _oldest_marks(most)
    else:
        marks = list(SearchMark.objects.filter(post_id__in=post_ids).order_by("pk")[:most])
    if marks:
        with transaction.atomic():
            write({mark.post_id for mark in marks})
            SearchMark.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    return len(marks)


@Prepared
def _oldest_marks(most: int | None) -> QuerySet[SearchMark]:
    """Asked by every search."""
    return SearchMark.objects.order_by("pk")[:most]


def is_caught_up() -> bool:
    """Whether the index tells the whole truth, after taking in what little it may not have yet.

    Posts are marked where many change at once, or past Django. Whoever searches first takes in a
    few; what is more than that is left to the worker, and what cannot be written now as well.
    """
    try:
        return catch_up(most=MOST_MARKS) < MOST_MARKS
    except OperationalError:
        return False


def write(post_ids: Iterable[int]) -> None:
    """Store these posts' entries as the posts stand now. Call it in a transaction.

    The rows are locked before they are read, so that of two who index one post the second sees
    what the first one's transaction made of it.
    """
    locked = Post.objects.select_for_update(of=("self",), no_key=True)
    posts = list(locked.filter(pk__in=list(post_ids)).order_by("pk"))
    for post in posts:
        if not post.markdown_version:
            post.render_again()
    filed = category_ids([post.pk for post in posts])
    indexed = [index(post, filed[post.pk]) for post in posts]
    backend().forget([each.entry.post_id for each in indexed])
    SearchEntry.objects.bulk_create(
        [each.entry for each in indexed],
        update_conflicts=True,
        unique_fields=["post"],
        update_fields=[
            field.name for field in SearchEntry._meta.concrete_fields if not field.primary_key
        ],
    )
    backend().store([(each.entry, each.fields) for each in indexed])
    remember_words(
        text
        for each in indexed
        for text in (each.entry.post.title, each.entry.post.summary, each.entry.text)
    )


def category_ids(post_ids: Iterable[int]) -> dict[int, list[int]]:
    """Where posts are filed, by post and in order."""
    links = Post.categories.through.objects.filter(post_id__in=post_ids).order_by("category_id")
    found = defaultdict(list)
    for post_id, category_id in links.values_list("post_id", "category_id"):
        found[post_id].append(category_id)
    return found


def index(post: Post, category_ids: Sequence[int]) -> Indexed:
    language = (post.language or settings.LANGUAGE_CODE).lower()
    text = bare(post.html)
    entry = SearchEntry(
        post=post,
        newness=newness_of(post.pk, post.published_at),
        language=language,
        status=post.status,
        published_at=post.published_at,
        author_id=post.author_id,
        category_ids="".join(f" {pk}" for pk in category_ids),
        text=text,
    )
    fields = {
        "title": tokens(post.title, language),
        "summary": tokens(post.summary, language),
        "body": tokens(text, language),
        "places": places(post, category_ids),
    }
    return Indexed(entry, fields)


def places(post: Post, category_ids: Iterable[int]) -> list[str]:
    found = [category_token(pk) for pk in category_ids]
    if post.author_id:
        found.append(author_token(post.author_id))
    if post.published_at:
        # At the turn of the year it is both, in one time zone or another; the search looks at the
        # time itself as well.
        edges = {post.published_at - ZONES, post.published_at + ZONES}
        found += sorted({year_token(edge.year) for edge in edges})
    return found


def remember_words(texts: Iterable[str]) -> None:
    """Keep the words of `texts`, for completions and for what was meant."""
    found = {match[0] for text in texts for match in WORD.finditer(fold(text))}
    found = {
        word
        for word in found
        if len(word) in WORD_LENGTHS and not word[0].isdigit() and not is_unspaced(word)
    }
    known = SearchWord.objects.filter(word__in=found).values_list("word", flat=True)
    # In one order, so that two who remember the same ones wait instead of deadlocking.
    new = sorted(found.difference(known))
    SearchWord.objects.bulk_create(
        [SearchWord(word=word, first=word[0], length=len(word)) for word in new],
        ignore_conflicts=True,
    )
