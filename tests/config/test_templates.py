"""Templates of the site's own in place of ours, whole or broken."""

import logging

import pytest
from django.core.management import call_command
from django.template import engines

from config.checks import check_own_templates
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

FRAME = '{% extends "base.html" %}{% block foot %}<footer>OURS ALONE</footer>{% endblock %}'


@pytest.fixture
def own(tmp_path, settings, client):
    """Writes a template of the site's own, as it is after the next start."""
    settings.TEMPLATES_DIR = tmp_path
    SiteFactory(name="The Example")
    client.raise_request_exception = False

    def write(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        start_anew()
        return file

    yield write
    start_anew()


def start_anew():
    engines["jinja2"].env.forget()
    for loader in engines["django"].engine.template_loaders:
        loader.reset()


def test_own_template_is_used_and_may_build_on_ours(client, own):
    assert "OURS ALONE" not in client.get("/").text

    own("base.html", FRAME)
    page = client.get("/").text

    assert "<footer>OURS ALONE</footer>" in page
    assert 'aria-label="Main"' in page
    assert "Terms" not in page


def test_own_page_of_one_kind_leaves_the_others_alone(client, own):
    own("404.html", '{% extends "base.html" %}{% block content %}Lost?{% endblock %}')

    assert "Lost?" in client.get("/nowhere/").text
    assert "There is no page here" not in client.get("/nowhere/").text
    assert "Lost?" not in client.get("/").text


@pytest.mark.parametrize(
    "text", ["{% block %}", "{% nonsense %}", "{{ a|b }}", b"\xff\xfe", "{% if %}"]
)
def test_template_that_cannot_be_read_gives_way_to_ours(client, own, caplog, text):
    file = own("base.html", text)

    with caplog.at_level(logging.ERROR, "pennypost.templates"):
        page = client.get("/")

    assert (page.status_code, 'aria-label="Main"' in page.text) == (200, True)
    assert f"{file} is not used: " in caplog.text


@pytest.mark.parametrize("text", ['{% extends "nope.html" %}', '{% include "nope.html" %}'])
def test_template_that_fails_only_when_shown_ends_in_a_page_that_says_so(client, own, text):
    own("base.html", text)

    page = client.get("/")

    assert page.status_code == 500
    assert "Something went wrong on our side" in page.text
    assert page["X-Request-Id"] in page.text
    assert 'href="/"' in page.text
    assert "nope" not in page.text


def test_page_for_the_worst_case_cannot_be_broken(client, own):
    own("base.html", '{% extends "nope.html" %}')
    own("500.html", '{% include "nope.html" %}')
    own("500_plain.html", '{% include "nope.html" %}')

    page = client.get("/")

    assert (page.status_code, "Something went wrong on our side" in page.text) == (500, True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% nonsense %}", "Encountered unknown tag 'nonsense'. (line 1)"),
        ("{% block a %}", "The innermost block that needs to be closed is 'block'. (line 1)"),
        ("{{ a|b }}", "No filter named 'b'. (line 1)"),
        ('{% extends "nope.html" %}', "there is no template nope.html"),
        ('{% if a %}{% include "nope.html" %}{% endif %}', "there is no template nope.html"),
        ('{% include "../../etc/passwd" %}', "there is no template ../../etc/passwd"),
        ('{% include "emails/base.html" %}', "there is no template emails/base.html"),
        (b"\xff\xfe", "can't decode byte 0xff"),
    ],
)
def test_check_names_the_broken_file(own, text, fault):
    file = own("blog/post.html", text)

    (found,) = check_own_templates(None)

    assert found.id == "pennypost.W008"
    assert found.msg.startswith(f"{file} is broken: ")
    assert fault in found.msg


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% nonsense %}", "Invalid block tag on line 1: 'nonsense'"),
        ("{% block a %}", "Unclosed tag on line 1: 'block'"),
        ('{% extends "nope.html" %}', "there is no template nope.html"),
        ('{% if a %}{% include "nope.html" %}{% endif %}', "there is no template nope.html"),
        ('{% include "../../etc/passwd" %}', "points outside the file hierarchy"),
        (b"\xff\xfe", "can't decode byte 0xff"),
    ],
)
def test_check_names_the_broken_mail(own, text, fault):
    file = own("emails/welcome.html", text)

    (found,) = check_own_templates(None)

    assert found.id == "pennypost.W008"
    assert found.msg.startswith(f"{file} is broken: ")
    assert fault in found.msg


def test_check_is_content_with_whole_templates_and_with_none(own, tmp_path, capsys):
    assert check_own_templates(None) == []

    own("base.html", FRAME)
    own("blog/post.html", '{% extends "base.html" %}{% include which %}')
    (tmp_path / "notes.md").write_text("{% nonsense %}")

    assert check_own_templates(None) == []
    call_command("check", tags=["templates"])
