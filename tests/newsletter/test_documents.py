"""The terms & conditions in every version, and the privacy page."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import SiteFactory, TermsFactory

pytestmark = pytest.mark.django_db


def published(version: str, days_ago: int, text: str = "Some words."):
    return TermsFactory(
        version=version, text=text, published_at=timezone.now() - timedelta(days=days_ago)
    )


def test_terms_page_shows_the_current_version_and_leads_to_all(client):
    published("1", 20, "The *first* words.")
    published("2", 10, "The *second* words.")
    TermsFactory(version="3", text="Not yet.", published_at=None)

    page = client.get("/terms/").text

    assert "<em>second</em>" in page
    assert "<em>first</em>" not in page
    assert 'href="/terms/1/"' in page
    assert 'href="/terms/2/"' in page
    assert "Not yet." not in page
    assert "/terms/3/" not in page


def test_every_published_version_stays_readable(client):
    published("1", 20, "The *first* words.")
    published("2026-05.b", 10)

    old, new = client.get("/terms/1/").text, client.get("/terms/2026-05.b/").text

    assert "<em>first</em>" in old
    assert "An earlier version" in old
    assert "An earlier version" not in new


@pytest.mark.parametrize("version", ["draft", "later", "nowhere", "%00", "1/2"])
def test_version_that_is_not_published_is_not_found(client, version):
    published("1", 20)
    TermsFactory(version="draft", text="SECRET", published_at=None)
    published("later", -1, "SECRET")

    response = client.get(f"/terms/{version}/")

    assert response.status_code == 404
    assert "SECRET" not in response.text


def test_terms_page_without_any_terms_says_so(client):
    response = client.get("/terms/")

    assert response.status_code == 200
    assert "There are none yet" in response.text


@pytest.mark.parametrize("path", ["/terms/", "/terms/1/", "/privacy/", "/newsletter/"])
def test_page_is_the_same_for_everybody(client, path):
    published("1", 20)

    first = client.get(path)
    second = client.get(path, headers={"Cookie": "x=1", "Accept-Language": "de"})
    unchanged = client.get(path, headers={"If-None-Match": first["ETag"]})

    assert first["Cache-Control"] == "public, no-cache"
    assert first.content == second.content
    assert not first.cookies
    assert unchanged.status_code == 304


@pytest.mark.parametrize("path", ["/terms/", "/terms/1/", "/privacy/", "/newsletter/"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_page_can_only_be_read(path, method):
    published("1", 20)
    stranger = Client(enforce_csrf_checks=True)

    assert getattr(stranger, method)(path).status_code == 405


def test_terms_page_needs_as_many_queries_for_many_versions(client, django_assert_num_queries):
    for number in range(9):
        published(str(number), 20 - number)

    with django_assert_num_queries(4):
        client.get("/terms/")


def test_privacy_page_says_how_long_things_are_really_kept(client, settings):
    settings.PENDING_DAYS, settings.EVIDENCE_DAYS = 14, 730
    SiteFactory(name="The Wire", postal_address="1 Long Lane\nSmalltown", reply_to="hi@x.co")

    page = " ".join(client.get("/privacy/").text.split())

    assert "for 2 years" in page
    assert "forgotten 14 days after the last attempt" in page
    assert "handed to a mail server" in page
    assert "1 Long Lane<br>Smalltown" in page
    assert 'href="mailto:hi@x.co"' in page
    assert "Everything on them comes from this site itself." in page


def test_privacy_page_says_so_when_mail_is_kept_or_pictures_come_from_elsewhere(
    client, settings, tmp_path
):
    settings.MAILERS = {
        "default": {"BACKEND": "config.mailbox.MailboxBackend", "OPTIONS": {"folder": tmp_path}}
    }
    settings.MEDIA_URL = "https://pictures.example.net/media/"

    page = client.get("/privacy/").text

    assert "its mails are kept on its own disk" in page
    assert "handed to a mail server" not in page
    assert "Pictures are fetched from pictures.example.net" in page
