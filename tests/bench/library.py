"""A blog of any size with texts of about 700 words. Runs in the desk of a site.

The words are invented but always the same, and spread as in a language: the second is half as
frequent as the first, the tenth a tenth. So a search finds as much here as it would in real texts.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from io import StringIO
from itertools import accumulate, batched
from random import Random
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from PIL import Image

from blog import markdown
from blog.images import Picture, store
from blog.models import Author, Category, Post, Site
from blog.places import set_missing_marks
from tests.bench.words import EVERYWHERE, WORDS

YEARS = 12
CATEGORIES = 12
AUTHORS = 5
SECTIONS, PARAGRAPHS, LENGTH = 5, 4, 34
BATCH = 1000

CHANCES = [*accumulate(1 / rank for rank in range(1, len(WORDS) + 1))]


def fill(count: int) -> dict[str, str]:
    """So many posts that the public may see; returns the addresses to measure, by what they are."""
    Site(name="The Benchmark", tagline="Notes that nobody wrote").save()
    authors, categories = add_authors(), add_categories()
    cover = store(Picture(Image.new("RGB", (1600, 1000), "#356859")), "covers")
    random = Random(count)  # noqa: S311  # the same texts each time
    for numbers in batched(range(count), BATCH, strict=False):
        with transaction.atomic():
            posts = [a_post(random, number, count, authors, cover) for number in numbers]
            Post.objects.bulk_create(posts)
            Post.categories.through.objects.bulk_create(filed(posts, categories))
    make_ready()
    return {
        "home": "/",
        "page 50": "/?page=50",
        "a post": Post.objects.order_by("pk")[count // 2].get_absolute_url(),
        "a category": categories[0].get_absolute_url(),
        "a feed": "/feed/",
    }


def add_authors() -> list[Author]:
    names = [f"Author {WORDS[rank].title()}" for rank in range(AUTHORS)]
    rows = [
        Author(username=name, slug=f"author-{n}", display_name=name, bio="Writes here.")
        for n, name in enumerate(names)
    ]
    return Author.objects.bulk_create(rows)


def add_categories() -> list[Category]:
    rows = [
        Category(
            name=f"On {WORDS[rank]}", slug=f"category-{rank}", order=rank, description="Some notes."
        )
        for rank in range(CATEGORIES)
    ]
    return Category.objects.bulk_create(rows)


def a_post(random: Random, number: int, count: int, authors: list[Author], cover: str) -> Post:
    """What `save()` would have stored of a text like this, without waiting for Markdown."""
    published_at = timezone.now() - timedelta(days=YEARS * 365) * (count - number) / count
    sections = [a_section(random) for _ in range(SECTIONS)]
    title = sentence(random, 6).rstrip(".")
    first = sections[0][1][0]
    return Post(
        title=title,
        slug=f"post-{number}",
        summary=sentence(random, 18),
        body="\n\n".join(as_markdown(*section) for section in sections),
        html="\n".join(as_html(*section) for section in sections),
        toc=[[2, anchor(heading), heading] for heading, _ in sections],
        excerpt=first[:160],
        words=SECTIONS * PARAGRAPHS * LENGTH,
        author=random.choice(authors),
        status=Post.Status.PUBLISHED,
        published_at=published_at,
        created_at=published_at,
        updated_at=published_at,
        markdown_version=markdown.VERSION,
        **({"cover": cover, "cover_width": 1600, "cover_height": 1000} if number % 2 else {}),
    )


def a_section(random: Random) -> tuple[str, list[str]]:
    """A heading and its paragraphs, one of which has the word that stands in every post."""
    texts = [sentence(random, LENGTH) for _ in range(PARAGRAPHS - 1)]
    return sentence(random, 3).rstrip("."), [*texts, f"{sentence(random, LENGTH - 1)} {EVERYWHERE}"]


def sentence(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, cum_weights=CHANCES, k=words)).capitalize() + "."


def as_markdown(heading: str, texts: list[str]) -> str:
    return "\n\n".join([f"## {heading}", *texts])


def as_html(heading: str, texts: list[str]) -> str:
    paragraphs = "\n".join(f"<p>{text}</p>" for text in texts)
    return f'<h2 id="{anchor(heading)}">{heading}</h2>\n{paragraphs}'


def anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def filed(posts: Iterable[Post], categories: list[Category]) -> Iterator[Any]:
    """Each post in one category, every third in the next one too."""
    for number, post in enumerate(posts):
        for step in range(1 if number % 3 else 2):
            category = categories[(number + step) % CATEGORIES]
            yield Post.categories.through(post=post, category=category)


def make_ready() -> None:
    """What saving one by one would have done, or the database by itself in a quiet minute."""
    # To look for what is related takes the worker 18 ms a post, which is not what is measured.
    some = list(Post.objects.order_by("pk").values_list("pk", flat=True)[:5])
    Post.objects.update(is_related=True, related=some)
    # Its words would stand among the answers that this process gives.
    call_command("reindex", stdout=StringIO())
    set_missing_marks()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
