"""`prepare` makes a fresh site ready, and changes nothing the second time."""

import pytest
from django.core.management import call_command

from blog.models import Author, Post
from tests.factories import AdministratorFactory, AuthorFactory, CategoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def static_root(settings, tmp_path):
    """Not that of all tests: every client of a test would look through what is collected there."""
    settings.STATIC_ROOT = tmp_path


def prepare(capsys) -> str:
    call_command("prepare")
    return capsys.readouterr().out


def test_prepare_makes_an_administrator_and_shows_the_password_once(capsys):
    first = prepare(capsys)
    second = prepare(capsys)

    [administrator] = Author.objects.all()
    [password] = [line.split()[2] for line in first.splitlines() if "password " in line][:1]
    assert administrator.username == "admin"
    assert administrator.is_superuser
    assert administrator.check_password(password)
    assert second == ""


def test_prepare_leaves_an_administrator_alone(capsys):
    AdministratorFactory(username="mara")

    said = prepare(capsys)

    assert said == ""
    assert [author.username for author in Author.objects.all()] == ["mara"]


def test_prepare_takes_another_name_where_admin_is_somebody_else(capsys):
    AuthorFactory(username="admin")

    said = prepare(capsys)

    assert "name      admin2" in said
    assert Author.objects.get(is_superuser=True).username == "admin2"


def test_prepare_fills_an_empty_site_under_development_and_no_other(capsys, settings, monkeypatch):
    settings.DEBUG = True
    loads: list[str] = []
    monkeypatch.setattr("config.demo.loader.load", lambda: loads.append("load"))

    first = prepare(capsys)
    CategoryFactory()
    second = prepare(capsys)

    assert "Adding a magazine to look at" in first
    assert second == ""
    assert loads == ["load"]


def test_prepare_adds_no_demo_to_a_real_site(capsys):
    prepare(capsys)

    assert not Post.objects.exists()
