"""A text without HTML: what a reader of plain mail sees."""

from textwrap import dedent

import pytest

from blog import markdown


def text_of(source: str) -> str:
    return markdown.as_text(markdown.render(dedent(source)).html, "https://b.example/posts/p/")


def test_paragraphs_are_wrapped_but_no_word_is_broken():
    text = text_of("word " * 40 + "\n\n" + "x" * 100)

    first, second = text.split("\n\n")
    assert {len(line) <= 72 for line in first.split("\n")} == {True}
    assert second == "x" * 100


def test_links_are_numbered_and_listed_below():
    text = text_of("[one](/a/), [two](https://c.example/), [one again](/a/), [me](mailto:a@b.c)")

    assert text == (
        "one [1], two [2], one again [1], me [3]\n\n"
        "[1] https://b.example/a/\n[2] https://c.example/\n[3] a@b.c"
    )


def test_link_that_is_its_own_words_stands_there_once():
    assert text_of("See <https://c.example/x>.") == "See https://c.example/x."


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("# Title\n\n## Below\n\ntext", "Title\n-----\n\nBelow\n-----\n\ntext"),
        ("- a\n- b\n  - c\n", "- a\n- b\n  - c"),
        ("3. a\n4. b\n", "3. a\n4. b"),
        ("1. a\n\n   b\n2. c\n", "1. a\n\n   b\n\n2. c"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("- [x] done\n- [ ] not", "- [x] done\n- [ ] not"),
        ("```\na\n  b\n\nc\n```", "    a\n      b\n\n    c"),
        ("a  \nb", "a\nb"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("*a* **b** ~~c~~ `d`", "_a_ *b* ~c~ `d`"),
        ("Term\n: Meaning\n", "Term\n    Meaning"),
        ("> [!NOTE]\n> Aside", "| Note\n|\n| Aside"),
        ("![a boat](/media/x.webp)", "[Picture: a boat]"),
        ("![](/media/x.webp)", ""),
        ("said.[^1]\n\n[^1]: A note.", "said.¹\n\n1. A note."),
        ("| a | bb |\n|---|---|\n| c | d |", "a  bb\n-  --\nc  d"),
        ("5 < 6 & 7", "5 < 6 & 7"),
        ("", ""),
    ],
)
def test_shape(source, text):
    assert text_of(source) == text


def test_wide_table_has_a_line_for_each_cell():
    wide = "w" * 40

    text = text_of(f"| A | B |\n|---|---|\n| {wide} | {wide} |\n| x | y |")

    assert text == f"A: {wide}\nB: {wide}\n\nA: x\nB: y"


def test_quote_in_a_list_keeps_its_place():
    assert text_of("- a\n\n  > b\n") == "- a\n\n  > b"


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td><ul><li>a</li></ul><table><tr><td>b</td></tr></table></td></tr></table>",
        "<table></table>",
        "<ul></ul><ol start='999999999999999999'><li></li></ol>",
        "<a><p>words</p></a>",
        "<pre><br>x</pre>",
        "<dl><dd>a</dd></dl>",
        "<details><summary>More</summary><p>inside</p></details>",
    ],
)
def test_odd_html_is_survived(html):
    markdown.as_text(markdown.render(html).html, "https://b.example/")
