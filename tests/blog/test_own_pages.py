"""Pages at /<slug>/, written in the newsroom."""

import re
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.urls import get_resolver, resolve, reverse

from blog import markdown
from blog.models import Page, Redirect
from blog.reserved import is_reserved
from blog.tasks import render_pages_again
from tests.blog.xss_corpus import PAYLOADS, forbidden
from tests.factories import PageFactory, StaffFactory
from tests.newsroom import admin_url, form_of, open_form, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(StaffFactory(role="Editor"))


def add(client, **fields):
    """Fill in the form of a new page and press Save."""
    door = reverse("admin:blog_page_add")
    return client.post(door, form_of(client.get(door), "page_form") | fields)


# --- What readers see ---


def test_page_says_what_it_has_to_say(client):
    PageFactory(title="About us", body="We *print* on Sundays.")

    page = client.get("/about-us/")

    assert '<h1 dir="auto">About us</h1>' in page.text
    assert "<p>We <em>print</em> on Sundays.</p>" in page.text
    assert "<title>About us – Pennypost</title>" in page.text
    assert '<meta name="description" content="We print on Sundays.">' in page.text
    assert '<link rel="canonical" href="https://blog.example.com/about-us/">' in page.text
    assert page["Cache-Control"] == "public, no-cache"
    assert not page.cookies


def test_page_is_not_sent_twice_to_whoever_has_it(client):
    PageFactory(slug="about")
    etag = client.get("/about/")["ETag"]

    assert client.get("/about/", headers={"If-None-Match": etag}).status_code == 304

    Page.objects.get().save()
    page = Page.objects.get()
    page.title = "Another"
    page.save()

    assert client.get("/about/", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("status", ["draft", "taken back"])
def test_draft_looks_like_a_page_that_never_was(client, status):
    page = PageFactory(title="ZXQ", slug="zxq", body="ZXQ")
    page.status = "draft"
    if status == "draft":
        page.published_at = None
    page.save()

    found, never_was = client.get("/zxq/?status=draft&preview=1"), client.get("/never-was/")

    assert (found.status_code, found.content) == (404, never_was.content)
    assert set(found.headers) == set(never_was.headers)
    assert client.get("/zxq").status_code == client.get("/never-was").status_code == 404
    assert "zxq" not in client.get("/sitemap.xml").text


def test_page_is_in_the_sitemap_with_its_date(client):
    PageFactory(slug="about")
    Page.objects.update(updated_at=datetime(2026, 5, 12, tzinfo=UTC))

    sitemap = client.get("/sitemap.xml").text

    assert (
        "<loc>https://blog.example.com/about/</loc><lastmod>2026-05-12T00:00:00+00:00</lastmod>"
        in sitemap
    )


def test_page_without_the_slash_is_led_to_and_nothing_else_is(client):
    PageFactory(slug="über-uns")

    found = client.get("/über-uns")

    assert (found.status_code, found["Cache-Control"]) == (301, "no-cache")
    assert found["Location"] == "/%C3%BCber-uns/"
    assert client.get("/nobody").status_code == 404
    assert client.get("/archive")["Location"] == "/archive/"


def test_renamed_page_is_found_by_all_its_names_in_one_step(client):
    page = PageFactory(slug="one")
    for slug in ("two", "three", "four"):
        page.slug = slug
        page.save()

    for old in ("/one/", "/two/", "/three/", "/one"):
        answer = client.get(old)
        assert (answer.status_code, answer["Location"]) == (301, "/four/")
        assert answer["Cache-Control"] == "no-cache"


def test_page_that_takes_an_old_address_keeps_it(client):
    page = PageFactory(slug="one")
    page.slug = "two"
    page.save()

    PageFactory(slug="one", title="Another")

    assert "Another" in client.get("/one/").text
    assert not Redirect.objects.exists()


def test_address_of_a_draft_that_nobody_saw_is_not_remembered():
    page = PageFactory(slug="secret-plan", status="draft")
    page.slug = "plan"
    page.save()

    assert not Redirect.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_page_asks_the_database_three_times(client, django_assert_num_queries, rows):
    PageFactory.create_batch(rows)
    address = Page.objects.first().get_absolute_url()

    with django_assert_num_queries(3):
        client.get(address)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_page_only_reads(client, method):
    PageFactory(slug="about")

    assert getattr(client, method)("/about/").status_code == 405


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_hostile_page_is_inert(client, payload):
    page = PageFactory(
        slug="about", title=payload[:200], body=payload, meta_description=payload[:300]
    )

    html = client.get("/about/").text

    assert forbidden(page.html) == []
    assert html.count("<script") == html.count("</script>") == 1


def test_script_that_saves_one_field_changes_what_readers_see(client):
    page = PageFactory(slug="about", body="Old", status="draft")
    page.body, page.status = "New", "published"

    page.save(update_fields=["body", "status"])

    assert "<p>New</p>" in client.get("/about/").text


# --- Addresses ---


def test_page_comes_last_of_all_addresses():
    last = get_resolver("config.urls").url_patterns[-1].url_patterns[-1]

    assert (last.name, str(last.pattern)) == ("page", "<pslug:slug>/")


@pytest.mark.parametrize(
    "slug",
    [
        *("admin", "feed", "search", "static", "media", "subscribe", "page", "posts", "authors"),
        *("categories", "archive", "newsletter", "terms", "privacy", "healthz", "readyz"),
        *("mailbox", "Terms", "ARCHIVE"),
    ],
)
def test_slug_that_the_site_needs_is_refused(client, editor, slug):
    answer = add(client, title="About", body="x", slug=slug, status="published")

    assert f"/{slug}/ is an address of the site itself." in answer.text
    assert not Page.objects.exists()


def test_every_address_of_the_site_is_kept_for_it():
    parts = get_resolver("config.urls").url_patterns
    routes = [
        str(part.pattern) + str(each.pattern)
        for part in parts
        for each in getattr(part, "url_patterns", [""])
        if each
    ]
    firsts = {route.partition("/")[0] for route in routes if re.match(r"[-\w]+/", route)}

    assert firsts >= {"admin", "posts", "terms", "newsletter", "feed"}
    assert {first for first in firsts if not is_reserved(first)} == set()


@pytest.mark.parametrize("slug", ["sitemap.xml", "a/b", "..", "a b", "%2e", "<svg>", "a?b"])
def test_slug_that_is_none_is_refused(client, editor, slug):
    add(client, title="About", body="x", slug=slug, status="published")

    assert not Page.objects.exists()


@pytest.mark.parametrize(
    ("title", "slug"), [("Archive", "archive-2"), ("Search", "search-2"), ("Terms", "terms-2")]
)
def test_title_that_would_shadow_an_address_gets_a_number(client, title, slug):
    PageFactory(title=title)

    assert Page.objects.get().slug == slug
    assert f'<h1 dir="auto">{title}</h1>' in client.get(f"/{slug}/").text


@pytest.mark.parametrize("title", ["C++", "C#", "日本語", "Привет", "🎉", "---", "a" * 200])
def test_any_title_gets_an_address_that_works(client, title):
    page = PageFactory(title=title)

    assert client.get(page.get_absolute_url()).status_code == 200
    assert resolve("/").view_name == "blog:home"


def test_page_whose_address_a_later_release_took_shadows_nothing(client):
    """As it would stand in the database: loaded past every form."""
    page = PageFactory(slug="about")
    Page.objects.filter(pk=page.pk).update(slug="archive")

    assert "<h1>Archive</h1>" in client.get("/archive/").text
    with pytest.raises(ValidationError, match="an address of the site itself"):
        Page.objects.get().full_clean()


# --- The newsroom ---


def test_editor_writes_and_publishes_a_page(client, editor):
    add(client, title="About", body="Of us.", status="draft")
    draft = client.get("/about/")

    save(client, Page.objects.get(), status="published")

    assert (draft.status_code, client.get("/about/").status_code) == (404, 200)


def test_draft_is_previewed_by_who_may_edit_it_and_kept_by_nobody(client, editor):
    page = PageFactory(title="ZXQ", status="draft")

    seen = client.get(admin_url(page, "preview"))

    assert '<h1 dir="auto">ZXQ</h1>' in seen.text
    assert '<meta name="robots" content="noindex">' in seen.text
    assert "no-store" in seen["Cache-Control"]
    client.logout()
    client.force_login(StaffFactory(role="Author"))
    assert client.get(admin_url(page, "preview")).status_code == 403


@pytest.mark.parametrize("number", ["999", "999999999999999999"])
def test_preview_of_nothing_is_not_found(client, editor, number):
    assert client.get(f"/admin/blog/page/{number}/preview/").status_code == 404


def test_second_of_two_editors_sees_what_the_first_one_stored(client, editor):
    page = PageFactory(title="About", body="Old")
    mine = open_form(client, page)
    save(client, page, body="Theirs")

    answer = client.post(admin_url(page), mine | {"body": "Mine"})

    assert "saved by somebody else" in answer.text
    assert Page.objects.get().body == "Theirs"


def test_too_complex_page_is_refused_with_a_sentence(client, editor):
    answer = add(client, title="About", body=">" * 5000, status="draft")

    assert answer.status_code == 200
    assert not Page.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_list_of_pages_asks_as_often_for_three(client, editor, django_assert_num_queries, number):
    PageFactory.create_batch(number)

    with django_assert_num_queries(7):
        client.get(reverse("admin:blog_page_changelist"))


def test_pages_are_rendered_again_by_a_newer_renderer():
    page = PageFactory(body="*New*")
    Page.objects.update(html="old", markdown_version=markdown.VERSION - 1)

    render_pages_again.call()

    page.refresh_from_db()
    assert page.html == "<p><em>New</em></p>\n"
