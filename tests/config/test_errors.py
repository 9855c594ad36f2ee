"""What people see when something is wrong."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError

from blog.models import Site
from tests.factories import SiteFactory, TermsFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing(client, monkeypatch):
    """The home page, raising what it is given."""
    TermsFactory()
    SiteFactory(name="The Example")
    client.raise_request_exception = False

    def get_home(error):
        def fail(*args):
            raise error

        monkeypatch.setattr("blog.views.page_of", fail)
        return client.get("/")

    return get_home


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (PermissionDenied(), 403, "This page is not open to you"),
        (SuspiciousOperation(), 400, "We could not read that request"),
        (RequestDataTooBig(), 413, "That was too much at once"),
        (ValueError("secret detail"), 500, "Something went wrong on our side"),
    ],
)
def test_error_page_looks_like_the_site(failing, error, status, sentence):
    page = failing(error)

    assert (page.status_code, sentence in page.text) == (status, True)
    assert "The Example" in page.text
    assert "Sign up for our newsletter" in page.text
    assert page["Cache-Control"] == "private, no-store"


def test_server_error_shows_the_number_of_the_request_and_nothing_else(failing):
    page = failing(ValueError("secret detail"))

    assert f"<code>{page['X-Request-Id']}</code>" in page.text
    assert "secret detail" not in page.text
    assert "Traceback" not in page.text


def test_server_error_needs_no_database(failing, monkeypatch):
    def away():
        raise OperationalError("the database is away")

    monkeypatch.setattr(Site, "current", away)

    page = failing(OperationalError("the database is away"))

    assert (page.status_code, "Something went wrong on our side" in page.text) == (500, True)
    assert f"<code>{page['X-Request-Id']}</code>" in page.text
    assert "database" not in page.text


def test_host_that_is_not_ours_gets_a_plain_answer(client):
    page = client.get("/", headers={"Host": "evil.example"})

    assert (page.status_code, "We could not read that request" in page.text) == (400, True)
    assert "evil.example" not in page.text
