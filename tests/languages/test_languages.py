"""What LANGUAGE_CODE makes of a site, and how each language sounds on its pages."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings
from django.utils import translation

from blog import languages
from newsletter.signups import BOX, HEADING
from newsletter.tasks import send_notices
from tests.factories import AdministratorFactory, TermsFactory
from tests.languages.greek import furnish
from tests.languages.pseudo import Said
from tests.languages.test_catalogues import catalogue

OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("de", "de"),
        ("zh-hans", "zh-hans"),
        ("es-mx", "es"),
        ("en-gb", "en"),
        ("ar", ""),
        ("pt-br", ""),
    ],
)
def test_words_are_those_of_the_nearest_language_that_is_whole(wanted, spoken):
    assert languages.nearest(wanted, settings.LANGUAGES) == spoken


@pytest.mark.parametrize(
    ("code", "tag"), [("de", "de"), ("zh-hans", "zh-Hans"), ("pt-br", "pt-BR")]
)
def test_tag_is_written_as_html_wants_it(code, tag):
    assert languages.tag(code) == tag


@pytest.fixture(params=OTHERS)
def spoken(request):
    with (
        override_settings(LANGUAGE_CODE=request.param, SITE_LANGUAGE=request.param),
        translation.override(request.param),
    ):
        yield request.param


def said(page: str) -> str:
    reader = Said()
    reader.feed(page)
    return " ".join(" ".join(reader.texts).split())


def english_sentences(locale: str) -> set[str]:
    """Our sentences of three words and more that this language says otherwise."""
    return {
        entry.msgid
        for entry in catalogue(locale)
        if entry.msgid.count(" ") >= 2
        and entry.msgstr != entry.msgid
        and "%" not in entry.msgid
        and "<" not in entry.msgid
    }


@pytest.mark.django_db
def test_pages_mail_and_newsroom_speak_no_english(client, spoken):
    boss = furnish()
    send_notices.call()
    paths = ["/", "/newsletter/", "/privacy/", "/terms/", "/nowhere/"]
    pages = [said(client.get(path).content.decode()) for path in paths]
    client.force_login(boss)
    rooms = [
        "/admin/",
        "/admin/blog/post/add/",
        "/admin/newsletter/issue/",
        "/admin/blog/site/1/change/",
    ]
    pages += [said(client.get(path).content.decode()) for path in rooms]
    pages += [message.body for message in mail.outbox]

    heard = " ".join(pages)

    assert len(pages) > 15
    assert [
        words for words in english_sentences(translation.to_locale(spoken)) if words in heard
    ] == []


@pytest.mark.django_db
def test_consent_is_given_to_the_words_on_the_page(client, spoken):
    TermsFactory(version="1")

    page = said(client.get("/").content.decode())

    assert translation.gettext(HEADING) in page
    assert translation.gettext(BOX).replace(" ", "") in page.replace(" ", "")
    assert translation.gettext(BOX) != BOX


@pytest.mark.django_db
def test_dates_are_written_as_in_the_language(client, spoken):
    TermsFactory(version="1", published_at="2026-10-08T12:00Z")

    page = said(client.get("/terms/").content.decode())

    expected = {
        "de": "8. Oktober 2026",
        "es": "8 de octubre de 2026",
        "fr": "8 octobre 2026",
        "zh-hans": "2026年10月8日",
    }
    assert expected[spoken] in page


@pytest.mark.django_db
@override_settings(SITE_LANGUAGE="ar")
def test_site_in_another_language_has_every_word_in_english(client):
    client.force_login(AdministratorFactory())

    page, newsroom = client.get("/").content.decode(), client.get("/admin/").content.decode()

    assert '<html lang="ar" dir="rtl">' in page
    assert ">Archive</a>" in page
    assert re.search(r'<html lang="en[^"]*" dir="ltr"', newsroom)
