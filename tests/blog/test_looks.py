"""What an editor decides about how the site looks, and that readers see it at once."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from blog.emails import compose
from blog.models import Category, Link, Page, Site
from tests.blog.pictures import picture, upload
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    LinkFactory,
    NoticeFactory,
    PageFactory,
    PostFactory,
    SiteFactory,
    StaffFactory,
    TermsFactory,
)
from tests.lasting import lasting_rows
from tests.newsroom import admin_url, open_form, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return SiteFactory()


@pytest.fixture
def editor(client):
    client.force_login(StaffFactory(role="Editor"))


def links(response, name):
    """Label and address of each link in the part of the page that is called `name`."""
    nav = re.search(rf'<nav[^>]* aria-label="{name}">(.+?)</nav>', response.text, re.DOTALL)
    found = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', nav[1]) if nav else []
    return [(label, address) for address, label in found]


def here(response):
    return re.findall(r'aria-current="page"[^>]*>([^<]+)<', response.text)


# --- Accent ---


def test_site_as_it_comes_loads_no_second_stylesheet(client):
    assert client.get("/").text.count('rel="stylesheet"') == 1


@pytest.mark.parametrize("path", ["/", "/newsletter/", "/search/", "/card.png", "/feed/"])
def test_site_that_nobody_set_up_shows_nothing_of_the_machinery(client, path):
    first, second = client.get(path), client.get(path)

    assert first.status_code == 200
    assert b" object at 0x" not in first.content
    assert first.content == second.content


def test_accent_comes_in_both_shades_from_an_address_that_never_changes(client, site, editor):
    save(client, site, accent="#2b5d8a")

    address = re.search(r'href="(/accent-[^"]+)"', client.get("/").text)[1]
    sheet = client.get(address)

    assert address == "/accent-2b5d8a-77a8d5.css"
    assert sheet.text == ":root{--accent:light-dark(#2b5d8a,#77a8d5)}\n"
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert sheet["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not sheet.cookies


def test_accent_that_nobody_can_read_is_refused_with_figures_and_a_better_one(client, site, editor):
    answer = save(client, site, accent="#f0c000")

    assert "#f0c000 cannot be read on the light page: its contrast is 1.5 : 1" in answer.text
    assert "at least 4.5 : 1" in answer.text
    assert "The nearest colour that has it is #866b00." in answer.text
    assert Site.objects.get().accent == "#8f3018"

    save(client, site, accent="#866b00")

    assert Site.objects.get().accent == "#866b00"


@pytest.mark.parametrize("accent", ["red", "}x{", "'>", ""])
def test_accent_that_was_loaded_past_the_form_does_no_harm(client, site, accent):
    Site.objects.update(accent=accent)

    assert client.get("/").text.count('rel="stylesheet"') == 1


def test_accent_too_pale_that_was_loaded_past_the_form_is_darkened(client, site):
    Site.objects.update(accent="#f0c000")

    assert "/accent-866b00-f0c000.css" in client.get("/").text


@pytest.mark.parametrize(
    "path", ["accent-8f3018.css", "accent-8F3018-000000.css", "accent-x-y.css"]
)
def test_address_of_no_accent_is_not_found(client, path):
    assert client.get(f"/{path}").status_code == 404


# --- Logo ---


def test_logo_stands_for_the_name_and_keeps_its_place(client, site):
    site.logo.save("logo.png", upload(picture(600, 120)))

    page = client.get("/").text

    small = site.logo.small_url
    assert (f'<img class="logo" src="{small}" alt="The Example" width="600" height="120">') in page
    answer = client.get(small)
    assert (answer["Content-Type"], b"".join(answer)[8:12]) == ("image/webp", b"WEBP")
    answer.close()


def test_dark_logo_takes_its_turn(client, site):
    site.logo.save("logo.png", upload(picture(600, 120)))
    site.logo_dark.save("dark.png", upload(picture(600, 120)))

    page = client.get("/").text

    assert f'<img class="logo logo-light" src="{site.logo.small_url}"' in page
    assert f'<img class="logo logo-dark" src="{site.logo_dark.small_url}"' in page


def test_logo_is_uploaded_and_taken_away_in_the_newsroom(client, site, editor):
    save(client, site, logo=upload(picture(600, 120)))
    assert Site.objects.get().logo_width == 600

    save(client, site, **{"logo-clear": "on"})

    assert (Site.objects.get().logo, Site.objects.get().logo_width) == ("", None)
    assert ">The Example</a>" in client.get("/").text


def test_svg_is_no_logo(client, site, editor):
    hostile = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

    answer = save(client, site, logo=upload(hostile, "logo.png"))

    assert "This file is not a picture we can read" in answer.text
    assert not Site.objects.get().logo


# --- Icon ---


def links_of(page: str, rel: str) -> list[str]:
    return re.findall(rf'<link rel="{rel}" href="([^"]+)"', page)


def opened(client, address: str) -> Image.Image:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    image = Image.open(BytesIO(b"".join(answer)))
    answer.close()
    return image


def test_site_without_an_icon_has_a_penny(client, site):
    [ico, svg] = links_of(client.get("/").text, "icon")

    assert ico == "/favicon.ico"
    assert svg.startswith("/static/blog/favicon")
    answer = client.get(ico)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/x-icon")
    answer.close()


def test_icon_stands_in_tabs_and_on_home_screens(client, site):
    site.icon.save("icon.png", upload(picture(300, 100)))

    page = client.get("/").text

    [tab], [home] = links_of(page, "icon"), links_of(page, "apple-touch-icon")
    assert client.get("/favicon.ico").headers["Location"] == tab
    small, large = opened(client, tab), opened(client, home)
    assert (small.size, large.size) == ((48, 48), (180, 180))
    # Wider than high: above it the tab shows through, and a home screen would show it black.
    assert small.getpixel((24, 2))[3] == 0
    assert small.getpixel((24, 24))[3] == 255
    assert large.getpixel((90, 2)) == (255, 255, 255, 255)


def test_icon_is_uploaded_and_taken_away_in_the_newsroom(client, site, editor):
    save(client, site, icon=upload(picture(512, 512)))
    assert links_of(client.get("/").text, "apple-touch-icon")

    save(client, site, **{"icon-clear": "on"})

    assert not links_of(client.get("/").text, "apple-touch-icon")
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    answer.close()


def test_deleted_icon_leaves_no_file(site):
    def stored():
        return [name for name in default_storage.listdir("icons")[1] if name.startswith(stem)]

    site.icon.save("icon.png", upload(picture(512, 512)))
    stem = Path(site.icon.name).stem
    assert len(stored()) == 4

    site.icon.delete()

    assert stored() == []


# --- Navigation, foot, elsewhere ---


def test_navigation_as_it_comes(client):
    page = client.get("/archive/")

    assert links(page, "Main") == [
        ("Categories", "/categories/"),
        ("Archive", "/archive/"),
        ("Newsletter", "/newsletter/"),
    ]
    assert here(page) == ["Archive"]


def test_navigation_has_what_the_editor_put_there_in_her_order(client, site):
    LinkFactory(label="Elsewhere", address="https://example.org/x?y=1&z=2", order=40)
    LinkFactory(label="", address="", page=PageFactory(title="About", slug="about"), order=10)
    LinkFactory(label="", address="", category=CategoryFactory(name="Tools"), order=30)
    LinkFactory(label="All of it", address="/archive/", order=20)

    page = client.get("/about/")

    assert links(page, "Main") == [
        ("About", "/about/"),
        ("All of it", "/archive/"),
        ("Tools", "/categories/tools/"),
        ("Elsewhere", "https://example.org/x?y=1&amp;z=2"),
    ]
    assert here(page) == ["About"]
    assert here(client.get("/archive/")) == ["All of it"]
    assert here(client.get("/")) == []


def test_link_follows_what_it_leads_to(client, site):
    about = PageFactory(title="About", slug="about")
    tools = CategoryFactory(name="Tools")
    LinkFactory(label="", address="", page=about, order=1)
    LinkFactory(label="", address="", category=tools, order=2)

    Page.objects.update(title="Who we are", slug="who")
    Category.objects.update(name="Gear", slug="gear")
    assert links(client.get("/"), "Main") == [
        ("Who we are", "/who/"),
        ("Gear", "/categories/gear/"),
    ]

    Page.objects.update(status="draft")
    assert links(client.get("/"), "Main") == [("Gear", "/categories/gear/")]

    about.delete()
    tools.delete()
    assert not Link.objects.exists()


def test_merged_category_hands_its_links_over(client, site):
    old, new = CategoryFactory(name="Old"), CategoryFactory(name="New")
    LinkFactory(label="", address="", category=old)

    old.merge_into(new)

    assert links(client.get("/"), "Main") == [("New", "/categories/new/")]


def test_link_in_another_script_is_marked_on_its_page(client, site):
    page = PageFactory(title="日本語")
    LinkFactory(label="", address="", page=page)

    assert here(client.get(page.get_absolute_url())) == ["日本語"]


def test_foot_keeps_the_legal_links_and_gets_more(client, site):
    LinkFactory(place="foot", label="Imprint", address="/imprint/")
    Site.objects.update(foot="Printed on <recycled> light.")

    page = client.get("/")

    assert [label for label, _ in links(page, "About this site")] == [
        *("Imprint", "Terms", "Privacy", "Feed", "Newsletter")
    ]
    assert '<p dir="auto">Printed on &lt;recycled&gt; light.</p>' in page.text


def test_places_elsewhere_carry_rel_me(client, site):
    LinkFactory(place="social", label="Mastodon", address="https://social.example/@us")

    page = client.get("/").text

    assert '<a href="https://social.example/@us" rel="me" dir="auto">Mastodon</a>' in page


def test_hostile_label_stays_a_label(client, site):
    for place in ("navigation", "foot", "social"):
        LinkFactory(place=place, label='"><script>alert(1)</script>', address='https://x.example/"')

    page = client.get("/").text

    assert page.count("<script") == 2  # the theme, and what search engines read
    assert 'href="https://x.example/&#34;"' in page


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "x", " mailto:a@b"])
def test_dangerous_address_is_stored_by_nobody(site, address):
    with pytest.raises(IntegrityError), transaction.atomic():
        LinkFactory(address=address)


def test_link_to_nothing_or_to_two_things_is_stored_by_nobody(site):
    page = PageFactory()
    for fields in ({"address": ""}, {"page": page}, {"label": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            LinkFactory(**fields)


@pytest.mark.parametrize("path", ["/", "/posts/first/", "/categories/tools/", "/authors/ada/"])
@pytest.mark.parametrize("rows", [1, 3])
def test_links_cost_no_question(client, django_assert_max_num_queries, path, rows):
    TermsFactory()
    PostFactory(
        slug="first", author=AuthorFactory(slug="ada"), categories=[CategoryFactory(name="Tools")]
    )
    for place in ("navigation", "foot", "social"):
        LinkFactory.create_batch(rows, place=place)
    LinkFactory(label="", address="", page=PageFactory())

    with django_assert_max_num_queries(6):
        assert client.get(path).status_code == 200


# --- The form ---


def test_editor_adds_orders_and_takes_out_links(client, site, editor):
    about = PageFactory(title="About", slug="about")
    form = open_form(client, site)

    changed = {
        **form,
        "links-TOTAL_FORMS": "3",
        "links-0-page": about.pk,
        "links-0-order": "9",
        "links-1-label": "Archive",
        "links-1-address": "/archive/",
        "links-1-order": "5",
        "links-2-label": "Last",
        "links-2-address": "https://example.org/",
        "links-3-0-label": "Mastodon",
        "links-3-0-address": "https://social.example/@us",
    }
    client.post(admin_url(site), changed)

    assert [label for label, _ in links(client.get("/"), "Main")] == ["Archive", "About", "Last"]
    assert links(client.get("/"), "Elsewhere") == [("Mastodon", "https://social.example/@us")]
    assert list(Link.objects.filter(place="navigation").values_list("order", flat=True)) == [
        *(10, 20, 30)
    ]

    save(client, site, **{"links-0-DELETE": "on", "links-2-order": "15"})

    assert [label for label, _ in links(client.get("/"), "Main")] == ["Last", "About"]


def test_first_link_of_a_site_that_nobody_saved_yet(client, editor):
    form = open_form(client, Site(pk=1))

    client.post(
        admin_url(Site(pk=1)), form | {"links-0-label": "Archive", "links-0-address": "/archive/"}
    )

    assert links(client.get("/"), "Main") == [("Archive", "/archive/")]


DANGEROUS = [
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x"),
    *("vbscript:x", "//evil.example", "/\\evil.example", "evil.example", "ftp://x.example/"),
]


@pytest.fixture(scope="class")
def press(django_db_setup, django_db_blocker):
    """Changes a form that was opened once, and presses Save."""
    with lasting_rows(django_db_blocker):
        site, client = SiteFactory(), Client()
        client.force_login(StaffFactory(role="Editor"))
        form = open_form(client, site)
        yield lambda **changes: client.post(admin_url(site), form | changes)


class TestRefusal:
    def test_what_is_right_is_not_refused(self, press):
        answer = press(**{"links-0-label": "Archive", "links-0-address": "/archive/"})

        assert answer.status_code == 302
        assert Link.objects.get().label == "Archive"

    @pytest.mark.parametrize(
        "accent", ["red", "#fff", "url(x)", "#12345g", "}body{", "", "#8F3018 x"]
    )
    def test_accent_that_is_no_colour_is_refused(self, press, accent):
        press(accent=accent)

        assert Site.objects.get().accent == "#8f3018"

    @pytest.mark.parametrize("address", DANGEROUS)
    @pytest.mark.parametrize("prefix", ["links", "links-2", "links-3"])
    def test_dangerous_address_is_refused(self, press, address, prefix):
        answer = press(**{f"{prefix}-0-label": "X", f"{prefix}-0-address": address})

        assert answer.status_code == 200
        assert not Link.objects.exists()

    def test_link_without_a_label_or_with_two_targets_is_refused(self, press):
        page = PageFactory()

        for fields in (
            {"links-0-address": "/archive/"},
            {"links-0-label": "X"},
            {"links-0-label": "X", "links-0-address": "/archive/", "links-0-page": page.pk},
        ):
            answer = press(**fields)
            assert "Name one place to lead to" in answer.text
        assert not Link.objects.exists()

    @pytest.mark.parametrize("order", ["-1", "x", "99999999999999999999", "1.5"])
    def test_order_that_is_no_number_is_refused(self, press, order):
        rest = {"links-0-label": "X", "links-0-address": "/archive/"}

        assert press(**rest, **{"links-0-order": order}).status_code == 200
        assert not Link.objects.exists()

    @pytest.mark.parametrize("number", ["999", "x", "9" * 30, "-1", "\0"])
    def test_link_to_a_row_that_is_none_is_refused(self, press, number):
        for name in ("links-0-page", "links-0-category"):
            assert press(**{name: number}).status_code == 200
        assert not Link.objects.exists()


def test_form_says_how_far_the_accent_stands_out(client, site, editor):
    page = client.get(admin_url(site)).text

    assert 'aria-label="#8f3018, 7.1 : 1"' in page
    assert 'aria-label="#e39b80, 7.2 : 1"' in page


def test_own_places_are_offered_as_far_as_there_are_any(client, site, editor):
    page = client.get(admin_url(site)).text

    assert page.count('<datalist id="own-places">') == 1
    assert '<option value="/archive/">' in page


@pytest.mark.parametrize("rows", [1, 3])
def test_form_asks_as_often_for_three_links(client, site, editor, django_assert_num_queries, rows):
    LinkFactory.create_batch(rows)
    PageFactory.create_batch(rows)

    with django_assert_num_queries(15):
        client.get(admin_url(site))


def test_author_may_not_touch_the_looks(client, site):
    client.force_login(StaffFactory(role="Author"))

    answer = client.post(admin_url(site), {"name": "X", "links-0-label": "X"})

    assert (answer.status_code, Site.objects.get().name) == (403, "The Example")


def test_mail_has_the_colours_of_the_site(site):
    site.accent = "#1f6f54"
    site.save()
    mail = compose(
        NoticeFactory(), to="a@example.com", subject="Hello", template="welcome", context={}
    )

    html = mail.alternatives[0].content

    assert "#34b88c !important" in html
    assert "#e39b80 !important" not in html
