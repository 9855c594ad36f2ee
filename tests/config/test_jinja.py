"""The language of the public templates: what it adds to Jinja2."""

from datetime import UTC, datetime
from pathlib import Path

import jinja2
import pytest
from django.conf import settings
from django.template import engines
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from markupsafe import Markup, escape

from blog.models import Post
from config.jinja.loader import is_public

TEMPLATES = Path(settings.BASE_DIR) / "templates"
PAGES = [
    name
    for file in sorted(TEMPLATES.rglob("*.*ml"))
    if is_public(name := file.relative_to(TEMPLATES).as_posix())
]
PAGE_OF = """{% blocktranslate trimmed with number=count last=9 %}
  Page {{ number }} of {{ last }}
{% endblocktranslate %}"""
POSTS = """{% blocktranslate trimmed count number=count %}
  {{ number }} post
{% plural %}
  {{ number }} posts
{% endblocktranslate %}"""


def rendered(text, **context):
    return engines["jinja2"].from_string(text).render(context)


@pytest.mark.parametrize("name", PAGES)
def test_each_of_our_pages_can_be_read(name):
    assert engines["jinja2"].get_template(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PAGE_OF, "Seite 3 von 9"),
        (POSTS, "3 Beiträge"),
        ('{% translate "Categories" %}', "Kategorien"),
        ('{% translate "Categories" as title %}<b>{{ title }}</b>', "<b>Kategorien</b>"),
        ("<a aria-label=\"{% translate 'Search' %}\">", '<a aria-label="Suchen">'),
        ("{{ moment|date('DATE_FORMAT') }}", "7. November 2026"),
        ("{{ moment|machine_date }}", "2026-11-07T12:30:00+00:00"),
    ],
)
def test_page_speaks_the_language_of_the_site(text, expected):
    moment = datetime(2026, 11, 7, 12, 30, tzinfo=UTC)

    with translation.override("de"):
        assert rendered(text, count=3, moment=moment) == expected


def test_message_keeps_its_own_html_and_escapes_what_is_put_in():
    text = (
        "{% blocktranslate with name=name %}<b>100 %</b> of {{ name }} {{ other }}"
        "{% endblocktranslate %}"
    )

    said = rendered(text, name="<i>", other="&")

    assert said == "<b>100 %</b> of &lt;i&gt; &amp;"


@pytest.mark.parametrize(
    "value",
    [
        *("plain", "<b>&amp;</b>", "\"'`=", "<script>", "", "Ω ‘’ \x00"),
        *(Markup("<b>&</b>"), mark_safe('<i>"</i>'), gettext_lazy("Terms & <conditions>")),
        *(0, 12.5, None, True, ["<li>"], Post(title="<h1>")),
    ],
)
def test_value_is_escaped_as_everywhere(value):
    assert rendered("{{ value }}", value=value) == str(escape(value))
    assert rendered("{% macro told() %}{{ value }}{% endmacro %}{{ told() }}", value=value) == str(
        escape(value)
    )
    assert rendered("{% set told %}{{ value }}{% endset %}{{ told }}", value=value) == str(
        escape(value)
    )


def test_dates_are_in_the_time_zone_of_the_site(settings):
    settings.TIME_ZONE = "Asia/Tokyo"

    said = rendered("{{ moment|date('j M H:i') }}", moment=datetime(2026, 11, 7, 20, tzinfo=UTC))

    assert said == "8 Nov 05:00"


def test_what_nobody_gave_is_nothing():
    assert rendered("{{ a.b.c }}{{ a.b() }}{% if a.number > 1 %}x{% endif %}") == ""


@pytest.fixture
def own(tmp_path, settings):
    """Templates of the site's own, by their names."""
    settings.TEMPLATES_DIR = tmp_path
    engines["jinja2"].env.forget()

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.html").write_text(text)

    yield write
    engines["jinja2"].env.forget()


def test_what_is_included_stands_in_its_place_and_knows_the_names_around_it(own):
    own(
        below="{% block first %}1{% endblock %}|{% block last %}{% endblock %}|",
        word="<{{ name }}>{% for n in numbers %}{{ n }}{% endfor %}",
        whole='{% extends "below.html" %}{% block first %}{{ super() }}a'
        '{% for name in names %}{% include "word.html" %}{% endfor %}b{% endblock %}'
        '{% block last %}{% set told %}{% include "word.html" %}{% endset %}[{{ told }}]'
        '{% include "word.html" without context %}{% include "no.html" ignore missing %}'
        "{% endblock %}",
    )

    page = engines["jinja2"].get_template("whole.html")
    said = page.render({"names": ["x", "&"], "name": "y", "numbers": [1, 2]})

    assert said == "1a<x>12<&amp;>12b|[<y>12]<>|"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ told(1, 2) }}", "1 2 no"),
        ("{{ told(1, b=2) }}", "1 2 no"),
        ("{{ told(*pair) }}", "1 2 no"),
        ("{{ told(1, **rest) }}", "1 3 no"),
        (
            "{% macro m(x, y=5) %}{{ x }}-{{ y }}{{ caller() if caller }}{% endmacro %}{{ m(1) }}",
            "1-5",
        ),
        ("{% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call m(1) %}!{% endcall %}", "1!"),
        ("{% for n in pair %}{{ loop.cycle('a', 'b') }}{% endfor %}", "ab"),
    ],
)
def test_what_a_page_calls_is_given_what_stands_there(text, expected):
    def told(a, b, c="no"):
        return f"{a} {b} {c}"

    assert rendered(text, told=told, pair=[1, 2], rest={"b": 3}) == expected


def test_counts_are_in_the_language_of_each_page():
    said = []
    for language in ("de", "fr", "de"):
        with translation.override(language):
            said.append(rendered(POSTS, count=1234))

    assert said == ["1234 Beiträge", "1234 articles", "1234 Beiträge"]


def test_only_words_and_names_can_be_translated():
    with pytest.raises(Exception, match="Only words and"):
        rendered("{% blocktranslate %}a {% if b %}c{% endif %}{% endblocktranslate %}")


@pytest.mark.parametrize("name", ["admin/index.html", "emails/welcome.html", "../settings.py"])
def test_nothing_but_pages_is_found(name):
    with pytest.raises(jinja2.TemplateNotFound):
        engines["jinja2"].env.get_template(name)
