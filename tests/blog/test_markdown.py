"""What comes out of Markdown: its elements, its sections, its words."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest

from blog import markdown
from blog.markdown import Heading, feed_html, render

SITE = "https://blog.example.com"


def html(source: str) -> str:
    return render(source, own_origin=SITE).html.strip()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*a* **b** `c` ~~d~~", "<p><em>a</em> <strong>b</strong> <code>c</code> <s>d</s></p>"),
        ("a<kbd>b</kbd><sub>1</sub>", "<p>a<kbd>b</kbd><sub>1</sub></p>"),
        ("Term\n: Meaning", "<dl>\n<dt>Term</dt>\n<dd>Meaning</dd>\n</dl>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("ssh <user>@<host>", "<p>ssh &lt;user&gt;@&lt;host&gt;</p>"),
        ("List<String> & <my-tag a=1>", "<p>List&lt;String&gt; &amp; &lt;my-tag a=1&gt;</p>"),
        ("<font color=red>a</font>", "<p>a</p>"),
        ("a <!-- secret --> b", "<p>a  b</p>"),
        ("<!-- secret\n\n-->\n\nseen", "<p>seen</p>"),
        ("a\n\n<!-- more -->\n\nb", "<p>a</p>\n\n<p>b</p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(source, expected):
    assert html(source) == expected


def test_table_scrolls_in_its_own_box_and_is_aligned_by_classes():
    assert html("|a|b|\n|:-:|--:|\n|1|2|") == (
        '<div class="table-scroll" role="group" aria-label="Table" tabindex="0"><table>\n<thead>\n'
        '<tr>\n<th class="align-center">a</th>\n<th class="align-right">b</th>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<td class="align-center">1</td>\n<td class="align-right">2</td>\n</tr>\n'
        "</tbody>\n</table></div>"
    )


def test_alert_is_a_note():
    assert html("> [!TIP]\n> Try it.") == (
        '<div class="markdown-alert markdown-alert-tip" role="note">\n'
        '<p class="markdown-alert-title">Tip</p>\n<p>Try it.</p>\n</div>'
    )


def test_task_list_cannot_be_ticked_and_can_be_heard():
    assert html("- [ ] a\n- [x] b") == (
        '<ul class="contains-task-list">\n'
        '<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox"'
        ' disabled="" aria-label="To do"> a</li>\n'
        '<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox"'
        ' disabled="" checked="" aria-label="Done"> b</li>\n</ul>'
    )


def test_footnote_leads_there_and_back():
    assert html("One[^a].\n\n[^a]: Note.") == (
        '<p>One<sup class="footnote-ref"><a id="s-fnref-1" href="#s-fn-1" role="doc-noteref"'
        ' aria-label="Footnote 1">1</a></sup>.</p>\n'
        '<section class="footnotes" role="doc-endnotes" aria-label="Footnotes">\n<ol>\n'
        '<li id="s-fn-1"><p>Note. <a class="footnote-backref" href="#s-fnref-1"'
        ' role="doc-backlink" aria-label="Back to the text at footnote 1">↩\ufe0e</a></p>\n'
        "</li>\n</ol>\n</section>"
    )


def test_footnote_mentioned_twice_leads_back_to_both():
    links = html("One[^a], two[^a].\n\n[^a]: Note.")

    assert 'id="s-fnref-1-2"' in links
    assert 'href="#s-fnref-1-2"' in links
    assert 'aria-label="Back to the text at footnote 1, mention 2"' in links


# Headings


def test_heading_has_an_address_and_a_link_to_it():
    assert html("## The *first* day") == (
        '<h2 id="s-the-first-day">The <em>first</em> day'
        ' <a class="anchor" href="#s-the-first-day" aria-label="Link to this section">#</a></h2>'
    )


@pytest.mark.parametrize(
    ("source", "levels"),
    [
        ("## a\n\n### b\n\n## c", "232"),
        ("# a\n\n## b\n\n### c", "234"),
        ("#### a\n\n## b", "22"),
        ("## a\n\n##### b\n\n##### c\n\n### d", "2333"),
        ("a\n===\n\nb\n---", "23"),
        ("<h1>a</h1>\n\n<h6>b</h6>", "23"),
    ],
)
def test_headings_start_below_the_title_and_leave_no_level_out(source, levels):
    found = [line[2] for line in html(source).splitlines() if line.startswith("<h")]

    assert "".join(found) == levels


def test_table_of_contents_lists_two_levels_of_plain_titles():
    source = "# Über `x` & y[^1]\n\n## 日本語\n\n### Too deep\n\n# C++\n\n[^1]: Note."

    assert render(source).toc == [
        Heading(2, "s-über-x-y", "Über x & y"),
        Heading(3, "s-日本語", "日本語"),
        Heading(2, "s-c-plus-plus", "C++"),
    ]


def test_ids_of_headings_are_unique_and_an_authors_own_is_kept():
    source = "## A\n\n## A\n\n## A 2\n\n## 🎉\n\n<h2 id='my place'>B</h2>\n\n<b id=a>b</b>"

    rendered = render(source)

    assert [heading.id for heading in rendered.toc] == [
        "s-a",
        "s-a-2",
        "s-a-2-2",
        "s-section",
        "s-my-place",
    ]
    assert '<b id="s-a-3">' in rendered.html


def test_heading_without_words_is_left_out():
    assert html("#\n\n## <!-- x -->\n\n## a\n\n") == html("## a")


def test_heading_may_be_a_picture():
    assert render("## ![Chapter one](/media/one.png)").toc == [
        Heading(2, "s-chapter-one", "Chapter one")
    ]


def test_local_link_finds_the_section_by_either_name():
    source = "[a](#日本語) [b](#s-日本語) [c](#fn-1) [d](#)\n\n## 日本語"

    assert html(source).splitlines()[0] == (
        '<p><a href="#s-日本語">a</a> <a href="#s-%E6%97%A5%E6%9C%AC%E8%AA%9E">b</a>'
        ' <a href="#s-fn-1">c</a> <a href="#">d</a></p>'
    )


# Links and pictures


@pytest.mark.parametrize(
    "address",
    ["/about/", "about", "?page=2", f"{SITE}/x/", "mailto:ann@example.com", "tel:+49301234"],
)
def test_link_within_the_site_is_plain(address):
    assert html(f"[a]({address})") == f'<p><a href="{address}">a</a></p>'


@pytest.mark.parametrize(
    "address",
    ["https://example.org/", "http://blog.example.com/", "//example.org/", f"{SITE}.evil.example/"],
)
def test_link_elsewhere_vouches_for_nothing(address):
    assert html(f"[a]({address})") == f'<p><a href="{address}" rel="noopener">a</a></p>'


def test_author_may_say_how_a_link_is_meant():
    assert html('<a rel="me sponsored opener" href="https://example.org/">a</a>') == (
        '<p><a href="https://example.org/" rel="me sponsored noopener">a</a></p>'
    )


def test_bare_address_is_a_link():
    assert html("See www.example.org.") == (
        '<p>See <a href="http://www.example.org" rel="noopener">www.example.org</a>.</p>'
    )


@pytest.mark.parametrize("origin", ["", SITE])
def test_own_picture_is_shown(origin):
    assert html(f"![A cat]({origin}/media/a%20cat.jpg)") == (
        f'<p><img src="{origin}/media/a%20cat.jpg" alt="A cat" loading="lazy" decoding="async"></p>'
    )


def test_picture_of_the_media_host_is_shown_and_no_other():
    media = "https://media.example.net/"

    shown = render(f"![a]({media}a.png) ![b](/media/b.png)", media_url=media).html

    assert shown.strip() == (
        f'<p><img src="{media}a.png" alt="a" loading="lazy" decoding="async">'
        ' <a href="/media/b.png">b</a></p>'
    )


@pytest.mark.parametrize(
    "address",
    [
        "/admin/logout/",
        "/newsletter/unsubscribe/token/",
        "/media/",
        "/media/../admin/logout/",
        "/media/%2e%2e/admin/logout/",
        "/media/a%252e",
        "/mediaeval/a.png",
        "picture.png",
        f"{SITE}/admin/logout/",
    ],
)
def test_picture_that_is_no_picture_of_ours_is_a_link(address):
    assert html(f"![Look]({address})") == f'<p><a href="{address}">Look</a></p>'


def test_picture_elsewhere_is_a_link_with_its_address_for_want_of_words():
    assert html("![](https://example.org/a.png)") == (
        '<p><a href="https://example.org/a.png" rel="noopener">https://example.org/a.png</a></p>'
    )


def test_picture_elsewhere_inside_a_link_leaves_its_words():
    assert html("[![Build](https://example.org/a.svg)](/build/)") == (
        '<p><a href="/build/">Build</a></p>'
    )


def test_picture_with_a_title_is_a_figure():
    assert html('![A cat](/media/cat.jpg "Asleep & <warm>")') == (
        '<figure><img src="/media/cat.jpg" alt="A cat" loading="lazy" decoding="async">'
        "<figcaption>Asleep &amp; &lt;warm&gt;</figcaption></figure>"
    )


def test_picture_with_a_title_amid_words_keeps_its_title():
    assert html('See ![A cat](/media/cat.jpg "Asleep")') == (
        '<p>See <img src="/media/cat.jpg" alt="A cat" title="Asleep"'
        ' loading="lazy" decoding="async"></p>'
    )


# Code


def test_code_is_coloured_by_classes():
    assert html("```Python\nif x:  # why\n    f('é')\n```") == (
        '<div class="highlight"><pre tabindex="0"><code class="language-python">'
        '<span class="k">if</span> x:  <span class="c"># why</span>\n'
        "    f(<span class=\"s\">'é'</span>)\n</code></pre></div>"
    )


@pytest.mark.parametrize("info", ["", "klingon", "text", '"><b>', "{}", "py" * 99])
def test_code_in_no_known_language_is_plain(info):
    assert html(f"```{info}\nif x < 1:\n```") == (
        '<div class="highlight"><pre tabindex="0"><code>if x &lt; 1:\n</code></pre></div>'
    )


@pytest.mark.parametrize(("info", "language"), [("c++", "cpp"), ("{.js .x}", "javascript")])
def test_code_knows_a_language_by_its_other_names(info, language):
    assert f'<code class="language-{language}">' in html(f"```{info}\nx = 1\n```")


def test_code_nobody_can_read_is_plain():
    assert "<span" in html("```python\nx = 1\n```")
    assert "<span" not in html(f"```python\nx = '{'a' * 1000}'\n```")
    assert "<span" not in html(f"```python\n{'x = 1\n' * 6000}```")


@pytest.mark.parametrize("language", ["", "python", "console", "php"])
def test_lines_of_code_stay_as_they_were(language):
    code = "\n\n\tif $x < 1:\n\n        y\n\n"

    found = html(f"```{language}\n{code}\n```")

    assert unescape(re.sub("<[^>]*>", "", found)) == f"{code}\n"


# Words


def test_text_is_the_words_without_signs():
    source = "## A day\n\nWe *met*[^1] <b>Ann</b>.\n\n- one\n- two\n\n[^1]: In May."

    rendered = render(source)

    assert rendered.text == "A day\nWe met Ann.\none\ntwo\nIn May."
    assert rendered.words == 9


def test_excerpt_is_found_here_too():
    assert markdown.excerpt(render("One *two* three four.").text, words=2) == "One two…"


# Elsewhere than on the page


def test_feed_html_has_absolute_addresses_and_nothing_that_needs_the_page():
    source = (
        "## A\n\n[a](/x/?b=1&c=2) [b](#a) [c](mailto:a@example.com) ![d](/media/d.png)\n\n- [x] e"
    )

    assert feed_html(html(source), f"{SITE}/posts/p/") == (
        '<h2 id="s-a">A </h2>\n'
        f'<p><a href="{SITE}/x/?b=1&amp;c=2">a</a> <a href="{SITE}/posts/p/#s-a">b</a>'
        ' <a href="mailto:a@example.com">c</a>'
        f' <img src="{SITE}/media/d.png" alt="d" loading="lazy" decoding="async"></p>\n'
        '<ul class="contains-task-list">\n<li class="task-list-item">☑ e</li>\n</ul>'
    )


def test_safe_html_is_not_escaped_in_a_template():
    from django.template import Context, Template

    template = Template("{{ html }} {{ safe }}")

    assert (
        template.render(Context({"html": "<b>", "safe": markdown.safe("<b>")})) == "&lt;b&gt; <b>"
    )


def test_only_one_module_marks_html_as_safe():
    apps = [path for app in ("blog", "newsletter", "config") for path in Path(app).rglob("*.py")]

    marking = [str(path) for path in apps if "mark_safe" in path.read_text()]

    assert marking == ["blog/markdown/__init__.py"]


def test_many_threads_render_the_same():
    source = Path("config/demo/posts/four-lines-of-code-i-keep-coming-back-to.md").read_text()

    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda _: render(source).html, range(16)))

    assert results == {render(source).html}
