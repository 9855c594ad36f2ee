"""Public pages as one web process makes and keeps them. docs/pages.md."""

import pytest
from django.core.management.commands import flush

from blog.models import Edition
from config.pages import Pages
from config.pages.site import WholeSite
from config.proxies import Proxies
from tests.factories import AuthorFactory, PostFactory

ROOM = 1_000_000


class Counted:
    """The site, with the number of pages that it made."""

    def __init__(self) -> None:
        self.site = WholeSite()
        self.made = 0

    def __call__(self, environ, start_response):
        self.made += 1
        return self.site(environ, start_response)


@pytest.fixture
def kept_permissions(monkeypatch):
    """A flush leaves them, and what else migrations make: anew it takes longer than most tests."""

    def sql_flush(style, connection, **options):
        tables = connection.introspection.django_table_names(only_existing=True)
        ours = [table for table in tables if not table.startswith(("auth_", "django_content_type"))]
        return connection.ops.sql_flush(style, ours, **options)

    monkeypatch.setattr(flush, "sql_flush", sql_flush)
    monkeypatch.setattr(flush, "emit_post_migrate_signal", lambda *_: Edition.objects.begin())


@pytest.fixture(autouse=True)
def committed(kept_permissions, transactional_db):
    """The pages' own connection sees only what is committed."""


@pytest.fixture
def site() -> Counted:
    return Counted()


@pytest.fixture
def process():
    """Makes the pages of one web process."""
    processes = []

    def start(site, room=ROOM, proxies=()) -> Pages:
        pages = Pages(site, room, Proxies(proxies))
        processes.append(pages)
        return pages

    yield start
    for pages in processes:
        pages.freshness.hang_up()


@pytest.fixture
def pages(process, site) -> Pages:
    return process(site)


@pytest.fixture
def post():
    return PostFactory(
        title="First title", slug="first", author=AuthorFactory(display_name="Ada"), categories=[]
    )
