"""Many posts to search in, and the questions. Runs in the environment of a site."""

import argparse
import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import accumulate, batched, product
from urllib.parse import urlencode

import django

WORDS, TITLE, SUMMARY, BODY = 30_000, 6, 20, 680
CATEGORIES, AUTHORS, YEARS = 12, 8, 10
# Stands in every post.
EVERYWHERE = "everywhere"
ROUNDS = 12


class Vocabulary:
    """Words that no language has, as unevenly used as those of one."""

    def __init__(self) -> None:
        self.random = random.Random(4)  # noqa: S311
        syllables = ["".join(pair) for pair in product("bcdfghklmnprstvw", "aeiou")]
        found: dict[str, None] = {}
        while len(found) < WORDS:
            found[
                "".join(self.random.choices(syllables, k=self.random.choice([2, 2, 3, 3, 4])))
            ] = None
        self.words = list(found)
        self.weights = list(accumulate(1 / (place + 2.7) for place in range(WORDS)))

    def some(self, count: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self.weights, k=count)

    def one(self, first: int, last: int) -> str:
        """A word that stands at one of these places when they are counted."""
        return self.random.choice(self.words[first:last])


def fill(count: int, vocabulary: Vocabulary) -> None:
    """Posts with all that belongs to them, by bulk inserts: `reindex` takes them in."""
    from django.utils import timezone

    from blog import markdown
    from blog.models import Author, Category, Post

    categories = [Category.objects.create(name=f"Category {n}") for n in range(CATEGORIES)]
    authors = [
        Author.objects.create(username=f"author{n}", display_name=f"Writer {n}")
        for n in range(AUTHORS)
    ]
    now, link = timezone.now(), Post.categories.through
    for numbers in batched(range(count), 500):
        posts = []
        for number in numbers:
            words = [*vocabulary.some(BODY), EVERYWHERE]
            text = "</p>\n<p>".join(" ".join(part) for part in batched(words, 90))
            posts.append(
                Post(
                    title=" ".join(vocabulary.some(TITLE)),
                    slug=f"post-{number}",
                    summary=" ".join(vocabulary.some(SUMMARY)),
                    body=" ".join(words),
                    html=f"<p>{text}</p>",
                    words=len(words),
                    markdown_version=markdown.VERSION,
                    author=authors[number % AUTHORS],
                    status="draft" if number % 50 == 0 else "published",
                    published_at=now - timedelta(days=365 * YEARS * number / count),
                )
            )
        Post.objects.bulk_create(posts)
        link.objects.bulk_create(
            link(post=post, category=vocabulary.random.choice(categories)) for post in posts
        )


def questions(words: Vocabulary) -> Iterator[tuple[str, dict[str, object]]]:
    """The mix: each kind as often as any other."""
    rare = lambda: words.one(5_000, 20_000)  # noqa: E731
    known = lambda: words.one(100, 2_000)  # noqa: E731
    common = lambda: words.one(0, 100)  # noqa: E731
    kinds: dict[str, Callable[[], dict[str, object]]] = {
        "in every post": lambda: {"q": EVERYWHERE},
        "in most posts": lambda: {"q": common()},
        "known word": lambda: {"q": known()},
        "rare word": lambda: {"q": rare()},
        "two words": lambda: {"q": f"{common()} {known()}"},
        "three words": lambda: {"q": f"{EVERYWHERE} {common()} {known()}"},
        "phrase": lambda: {"q": f'"{known()} {common()}"'},
        "beginning": lambda: {"q": rare()[:4]},
        "exclusion": lambda: {"q": f"{known()} -{common()}"},
        "category": lambda: {"q": EVERYWHERE, "category": "category-7"},
        "year": lambda: {"q": common(), "year": time.gmtime().tm_year - 4},
        "tenth page": lambda: {"q": EVERYWHERE, "page": 10},
        "slip of a letter": lambda: {"q": rare()[:-1] + "x"},
    }
    for _ in range(ROUNDS):
        for kind, ask in kinds.items():
            yield kind, ask()


def measure(vocabulary: Vocabulary) -> None:
    """From the request to the bytes of the page, with no server in between and no cache."""
    from django.conf import settings
    from django.test import Client

    client, times = Client(headers={"Host": settings.ALLOWED_HOSTS[0]}), defaultdict(list)
    secure = settings.SITE_URL.startswith("https")
    for warm in (True, False):
        for kind, asked in questions(vocabulary):
            began, worked = time.perf_counter(), time.process_time()
            response = client.get(f"/search/?{urlencode(asked)}", secure=secure)
            took = time.perf_counter() - began, time.process_time() - worked
            assert response.status_code == 200, asked
            if not warm:
                times[kind].append(took)
    everything = [each for some in times.values() for each in some]
    print(f"  {'':18}{'p50':>10}{'p95':>10}   of this process's own work p50 and p95")
    for kind, some in [*times.items(), ("all", everything)]:
        walls, works = zip(*some, strict=True)
        figures = [share(walls, 50), share(walls, 95), share(works, 50), share(works, 95)]
        print(f"  {kind:18}", *(f"{1000 * figure:>6.1f} ms" for figure in figures), flush=True)


def share(times: tuple[float, ...], percent: int) -> float:
    """Below it are so many of a hundred."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("posts", type=int, help="0 measures what is there")
    posts = parser.parse_args().posts
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    vocabulary = Vocabulary()
    if posts:
        began = time.perf_counter()
        fill(posts, vocabulary)
        filled = time.perf_counter()
        call_command("reindex")
        rate = posts / (time.perf_counter() - filled)
        print(f"  {posts:,} posts stored in {filled - began:.0f} s, reindexed {rate:,.0f} a second")
    measure(vocabulary)


if __name__ == "__main__":
    main()
