"""The words of the texts that pages are measured with, and what is searched for in them."""

from itertools import product
from random import Random

SYLLABLES = [first + last for first, last in product("bdlmnrst", "aeiou")]
# Five thousand invented ones, the same in every run; the first are the most frequent.
THREE = ["".join(three) for three in product(SYLLABLES, repeat=3)]
WORDS = Random(1).sample(THREE, 5000)  # noqa: S311
# Stands in every post, so that whoever looks for it finds all of them.
EVERYWHERE = "harbour"

# Asked for in turn: words that are everywhere, frequent and rare, several, a phrase, an exclusion,
# the beginning of a word, and one that is nowhere.
SEARCHES = [
    EVERYWHERE,
    WORDS[0],
    WORDS[20],
    WORDS[300],
    WORDS[4000],
    f"{WORDS[50]} {WORDS[90]}",
    f"{EVERYWHERE} {WORDS[1000]}",
    f'"{WORDS[0]} {WORDS[1]}"',
    f"{WORDS[7]} -{WORDS[11]}",
    WORDS[200][:4],
    "nothinglikethis",
]
