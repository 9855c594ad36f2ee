"""Cleaning what people type, counting it, shortening it, making addresses of it."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.text import clean, clean_line, count_words, excerpt, unique_slug_base

ANY_TEXT = st.text(st.characters(exclude_categories=[]))


def test_clean_ends_every_line_with_a_line_feed():
    assert clean("one\r\ntwo\rthree\nfour\tfive") == "one\ntwo\nthree\nfour\tfive"


@pytest.mark.parametrize(
    "unwanted",
    ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\ud800", "\ufdd0", "\uffff", "\U0010fffe"],
    ids=ascii,
)
def test_clean_drops_what_nobody_can_see_or_store(unwanted):
    assert clean(f"be{unwanted}fore\ufeff") == "before"


def test_clean_composes_letters_and_keeps_what_right_to_left_writers_need():
    assert clean("e\u0301cole \u202bשלום\u202c 👩\u200d🚀") == "école \u202bשלום\u202c 👩\u200d🚀"


@pytest.mark.parametrize("marks", ["\u0300\u0316", "\u302a\u302e", "\U0001d165\u0300"], ids=ascii)
def test_clean_of_endless_combining_marks_is_quick(marks):
    started = time.thread_time()

    cleaned = clean("a" + marks * 50_000)

    assert len(cleaned) <= 31
    assert time.thread_time() - started < 5


@given(ANY_TEXT)
def test_clean_text_stays_as_it_is(text):
    cleaned = clean(text)

    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned


@pytest.mark.parametrize(
    "line_break",
    ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"],
    ids=ascii,
)
def test_clean_line_folds_every_kind_of_line_break(line_break):
    assert clean_line(f" Bread{line_break}\t and  salt\u3000") == "Bread and salt"


def test_clean_line_drops_overrides_and_keeps_no_break_spaces():
    assert (
        clean_line("\u202egnp.exe\u2066 a\u200bb vraiment\u00a0?") == "gnp.exe ab vraiment\u00a0?"
    )


@given(ANY_TEXT)
def test_clean_line_is_one_line_and_stays_as_it_is(text):
    line = clean_line(text)

    assert len(line.splitlines()) <= 1
    assert clean_line(line) == line


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("F#/C# on Node.js", "f-sharp-c-sharp-on-node-js"),
        ("#1 tip", "1-tip"),
        ("日本語", "日本語"),
        ("Привет", "привет"),
        ("🎉", "post"),
        ("---", "post"),
        ("", "post"),
        ("Don’t panic: 3.14", "dont-panic-3-14"),
        ("Before—after", "before-after"),
        ("snake_case", "snake-case"),
        ("a" * 300, "a" * 80),
        ("x" * 79 + " yes", "x" * 79),
        ("word " * 60, "-".join(["word"] * 16)),
    ],
)
def test_slug_of_a_title(title, slug):
    assert unique_slug_base(title) == slug


@given(ANY_TEXT)
def test_slug_fits_into_an_address(title):
    slug = unique_slug_base(title)

    assert 0 < len(slug) <= 80
    assert slug == slug.strip("-")
    assert all(character == "-" or character.isalnum() for character in slug)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Don’t panic — it’s well-known.", 4),
        ("हिन्दी में लिखा", 3),
        ("日本語の文章", 3),
        ("Python 入門", 2),
        ("*** 🎉 ---", 0),
    ],
)
def test_words_are_counted_as_they_are_read(text, words):
    assert count_words(text) == words


def test_excerpt_of_a_short_text_is_the_text_in_one_line():
    assert excerpt("One.\n\nTwo  three.") == "One. Two three."


def test_excerpt_of_a_long_text_ends_after_so_many_words():
    assert excerpt("one two, three, four", words=3) == "one two, three…"


def test_excerpt_counts_two_ideographs_as_a_word():
    assert excerpt("吾輩は猫である。名前はまだ無い。", words=4) == "吾輩は猫である。名…"


def test_excerpt_of_one_endless_word_is_short():
    assert excerpt("x" * 10_000, words=2) == "x" * 80 + "…"
