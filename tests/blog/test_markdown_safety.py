"""Hostile Markdown: whatever goes in, what comes out is inert, and comes out in time."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.markdown import MAX_LENGTH, TooComplex, feed_html, render
from blog.markdown.cleaner import clean
from blog.markdown.highlight import LANGUAGES
from tests.blog.xss_corpus import COLLECTOR, PAYLOADS, forbidden

SITE = "https://blog.example.com"
# A limit against hanging, not a timing: the machine that runs the tests may be busy.
PATIENCE = 5


AROUND = ("{}", "a {} b", "> - {}", "# {}", "<div>\n{}\n</div>", "|a|\n|-|\n|{}|")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_attack_is_inert(payload):
    rendered = [render(around.replace("{}", payload)).html for around in AROUND]

    assert [forbidden(html) for html in rendered] == [[]] * len(AROUND)
    # It is in its final form: no parser can see anything else in it than the cleaner did.
    assert [clean(html) for html in rendered] == rendered


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_attack_is_inert_in_feeds_and_as_text(payload):
    rendered = render(payload)

    there = feed_html(rendered.html, f"{SITE}/posts/a/").replace(f'src="{SITE}/', 'src="/')
    assert forbidden(there) == []
    assert "\x00" not in rendered.text


def test_judge_of_the_corpus_finds_what_is_not_inert():
    bad = (
        "<script>", "<img src=https://a.example/b>", "<a href=javascript:x>", "<input>", "<b id=x>",
        "<b onclick=x>", "<b style=x>", "<span class=x>", "<!-- a -->", "<img src=/media/../x>",
    )  # fmt: skip

    assert [html for html in bad if not forbidden(html)] == []
    assert forbidden('<p><a href="/a:b">a</a> <img src="/media/a.png" alt=""></p>') == []


def test_nothing_of_another_host_is_loaded():
    text = "\n\n".join(PAYLOADS[name] for name in PAYLOADS if COLLECTOR in PAYLOADS[name])

    html = render(text).html

    assert COLLECTOR in html
    assert set(re.findall(r'(\S+)="[^"]*collector\.example', html)) == {"href"}


PIECES = [
    *"[]()<>!*_`~|#:&\\\"'-+=\n\t @/",
    *(
        "\n\n",
        "    ",
        "](",
        "[^1]",
        "[^1]: ",
        "```",
        "- [x] ",
        "> [!NOTE]\n",
        "|-|-|",
        "<!--",
        "-->",
    ),
    *("<b", "<a href=", "<img src=", "<input", "</", "<svg>", "<style>", "<table>", "<td>", "<h2>"),
    *("javascript:", "/media/", "onclick=", "style=", "class=", "id=", "\x00", "\ud800", "é", "日"),
]


@given(st.lists(st.sampled_from([*PIECES, *PAYLOADS.values()]) | st.text(max_size=9), max_size=30))
def test_any_text_comes_out_clean_and_the_same_every_time(pieces):
    text = "".join(pieces)

    rendered = render(text)

    assert forbidden(rendered.html) == []
    assert clean(rendered.html) == rendered.html
    assert render(text) == rendered
    assert "\ud800" not in rendered.text


# Time

HOSTILE = {
    "bracket": "[", "image": "![", "footnote": "[^", "link-start": "<a ", "heading": "#\n",
    "abbreviation": "*[a]: b\n", "quote": ">", "row": "|a", "strong": "**a ", "backticks": "`a``",
    "dollar": "$", "emphasis": "*a _b ", "closing": "a**b", "list": "- a\n", "nested-list": "- ",
    "ordered": "1. ", "lazy-quote": "> a\n", "definition": "a\n: b\n", "reference": "[a]: b\n",
    "reference-open": "[a\n", "link": "[a](", "collapsed": "[a][", "comment": "<!--",
    "declaration": "<!a", "processing": "<?", "cdata": "<![CDATA[", "entity": "&a", "escape": "\\",
    "protocol": "http:", "www": "www.", "mail": "a@", "colon": ":", "tags": "<div>",
    "unclosed-attribute": "<a b='", "misnested": "<b><i><p></b></i>", "marks": "\u0316\u0300",
    "scopes": "<div><object></div></object>", "image-in-link": "[![", "strike": "~~a ",
    "foreign": "<svg><math>", "table-in-quote": "> <table>\n\n</table>\n\n",
    "tilde": "~a", "table": "<td>",
}  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_laid_out_or_refused_in_time(unit):
    _renders_or_refuses((unit * 80_000)[:80_000])


def _renders_or_refuses(text: str) -> None:
    started = time.thread_time()
    with suppress(TooComplex):
        render(text, seconds=0.02)
    assert time.thread_time() - started < PATIENCE


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[^{n}]: see [^{n + 1}]\n\n" for n in range(3000)) + "[^0]",
        "[^a]: b\n\n" + "[^a]" * 10_000,
        "".join(f"[a{n}]: b\n" for n in range(3000)) + "".join(f"[a{n}]" for n in range(3000)),
        "|" + "a|" * 256 + "\n|" + "-|" * 256 + "\n" + "|\n" * 256,
        "<div>\n<a" + " a" * 40_000,
        "<div>\n<a" + " " * 80_000,
        "[" * 40_000 + "]" * 40_000,
        "*a " * 20_000 + "a* " * 20_000,
        "# a\n" * 20_000,
        "".join("  " * n + "- a\n" for n in range(280)),
    ],
    ids=[
        *("footnote-chain", "footnote-mentions", "references", "table", "attributes", "blanks"),
        *("brackets", "emphasis", "headings", "indents"),
    ],
)
def test_hostile_shape_is_laid_out_or_refused_in_time(text):
    _renders_or_refuses(text)


CODE = "".join(
    (unit * 400)[:400].replace("\n", "", 1) + "\n"
    for unit in (
        "a\n",
        '"\\\n',
        "<a &\n",
        "{{ ( [ a.b:: \n",
        "a ",
        "/* \n",
        "'",
        "$(",
        "&",
        "a<",
        "!",
    )
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_code_is_coloured_or_refused_in_time(language):
    _renders_or_refuses(f"```{language}\n{CODE}\n```")


@pytest.mark.parametrize("code", ["a " + "\n" * 20_000, "a " * 10_000, "word\n" * 5_000])
def test_code_that_lexers_get_lost_in_is_refused_or_plain_in_time(code):
    # Java's and C's patterns for the head of a function try every way to end it, at every word.
    for language in ("c", "java"):
        _renders_or_refuses(f"```{language}\n{code}\n```")


def test_text_that_is_too_long_says_so():
    assert render("a " * (MAX_LENGTH // 2)).words == MAX_LENGTH // 2

    with pytest.raises(TooComplex, match="200,001 characters, and 200,000 is the most that fits"):
        render("a" * (MAX_LENGTH + 1))


def test_lines_that_a_browser_sent_are_not_too_long():
    assert render(f"{'a' * 19}\r\n" * 10_000).words == 10_000


@pytest.mark.parametrize("source", [">" * 50 + "a", "- " * 30 + "a", "<b>" * 101, "<DIV>" * 101])
def test_text_that_is_too_deep_says_so(source):
    with pytest.raises(TooComplex, match="too deep inside each other"):
        render(source)


def test_text_that_is_deep_is_laid_out_whole():
    assert "bottom" in render(">" * 30 + "bottom").text
    assert "bottom" in render("".join("  " * n + "- a\n" for n in range(15)) + "bottom").text
    assert "bottom" in render("<b>" * 90 + "bottom").text


def test_text_that_takes_too_long_says_so():
    with pytest.raises(TooComplex, match="takes too long to lay out"):
        render("![[" * 20_000, seconds=0.05)


def test_table_with_too_many_cells_says_so():
    with pytest.raises(TooComplex, match="more than 10,000 cells"):
        render("|" + "a|" * 100 + "\n|" + "-|" * 100 + "\n" + "|\n" * 101)


# The stylesheet


def test_code_is_readable_in_both_colour_schemes():
    css = Path("blog/static/blog/code.css").read_text()
    (_, *paper), *colours = re.findall(r"--code-(\w+): light-dark\((#\w+), (#\w+)\)", css)

    contrasts = {
        (name, scheme): _contrast(colour[scheme], paper[scheme])
        for name, *colour in colours
        for scheme in (0, 1)
    }

    assert len(contrasts) == 20
    assert {kind: ratio for kind, ratio in contrasts.items() if ratio < 4.5} == {}


def _contrast(one: str, other: str) -> float:
    """Web Content Accessibility Guidelines 2.2, "contrast ratio"."""
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
