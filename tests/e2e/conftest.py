"""A real browser and a real server, for `make e2e`."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.e2e.chromium import launch_options
from tests.e2e.watch import Watch

# Playwright keeps an event loop in the thread of the tests, where Django suspects asynchronous
# code; there is none.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return browser_type_launch_args | launch_options()


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Makes a path enough for `page.goto()`."""
    return live_server.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    # Without motion colours change at once, so that no test meets one half-way.
    return browser_context_args | {
        "reduced_motion": "reduce",
        "viewport": {"width": 1280, "height": 800},
    }


@pytest.fixture
def watch(new_context: Callable[..., BrowserContext], live_server: LiveServer) -> Iterator[Watch]:
    watch = Watch(live_server.url, new_context)

    yield watch

    assert watch.faults() == []


@pytest.fixture
def context(watch: Watch) -> BrowserContext:
    """A reader's browser; `page` is a page in it."""
    return watch.open_for_reader()


@pytest.fixture
def newsroom(watch: Watch) -> Page:
    """A page in the browser of somebody who may sign in."""
    return watch.open().new_page()


@pytest.fixture(scope="session")
def first_rows(django_db_setup: None, django_db_blocker: Any) -> str:
    """What the migrations put into the database, the groups for example."""
    with django_db_blocker.unblock():
        return connection.creation.serialize_db_to_string()


@pytest.fixture
def rows_come_back(first_rows: str) -> None:
    """Each test begins with the migrations' rows, though the one before emptied every table.

    Django notes them on its connection, but has another one here: they are kept apart for the
    event loop that Playwright runs.
    """
    connection._test_serialized_contents = first_rows


@pytest.fixture(autouse=True)
def site(
    rows_come_back: None,
    django_db_serialized_rollback: None,
    transactional_db: None,
    live_server: LiveServer,
    settings: Any,
) -> None:
    """The live server is the site: it may be signed in to, and mails link to it."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
