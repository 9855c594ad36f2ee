"""Whatever is sent to a form or a search of the newsroom, by hand or by a program, is answered."""

import pytest
from django.contrib import admin
from django.urls import reverse

from blog.admin.base import Room
from tests.factories import (
    AdministratorFactory,
    AuthorFactory,
    CategoryFactory,
    DigestFactory,
    DraftFactory,
    IssueFactory,
    PostFactory,
    RedirectFactory,
)
from tests.newsroom import admin_url, form_of, open_form

pytestmark = pytest.mark.django_db
# Fields that are no columns of their model.
BESIDES = ["published_at_0", "published_at_1", "places-0-post", "places-0-id", "role"]
PLACES = {"places-TOTAL_FORMS": "1", "places-INITIAL_FORMS": "0"}


@pytest.fixture
def root(client):
    root = AdministratorFactory()
    client.force_login(root)
    return root


def rooms(page):
    """The address of that page in each room of ours, and the room."""
    for model, room in admin.site._registry.items():
        if isinstance(room, Room):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
            yield reverse(name), room


@pytest.mark.parametrize("odd", ["abc", "1,2", "\0", "9" * 20, "-1", "²"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_value_breaks_a_new_form(client, root, method, odd):
    for address, room in rooms("add"):
        names = [*BESIDES, *[field.name for field in room.model._meta.get_fields()]]
        answer = getattr(client, method)(address, dict.fromkeys(names, odd) | PLACES)

        # Some rooms have no form for new rows, and terms may well be called “abc”.
        assert answer.status_code in {200, 403, 302}, address


@pytest.mark.parametrize("odd", ["abc", "1,2", "\0", "9" * 20, "-1", "²"])
def test_no_value_breaks_the_form_of_a_row(client, root, odd):
    for row in (DraftFactory(), IssueFactory()):
        sent = open_form(client, row) | {"author": odd, "categories": odd, "places-0-post": odd}

        assert client.post(admin_url(row), sent).status_code == 200


ROWS = [
    CategoryFactory,
    AuthorFactory,
    PostFactory,
    DraftFactory,
    IssueFactory,
    DigestFactory,
    RedirectFactory,
    AdministratorFactory,
]


@pytest.mark.parametrize("factory", ROWS)
def test_form_that_was_emptied_comes_back(client, root, factory):
    row = factory()
    sent = dict.fromkeys(open_form(client, row), "")

    for emptied in (sent, sent | PLACES, {}):
        assert client.post(admin_url(row), emptied).status_code in {200, 302}


@pytest.mark.parametrize(
    ("factory", "wrong"),
    [
        (CategoryFactory, {"name": ""}),
        (AuthorFactory, {"website": "javascript:alert(1)"}),
        (PostFactory, {"title": ""}),
    ],
)
@pytest.mark.parametrize("slug", ["", "taken", "no slug"])
def test_refused_form_links_to_the_page_as_it_is(client, root, factory, wrong, slug):
    row = factory(slug="here")
    factory(slug="taken")
    if factory is AuthorFactory:
        PostFactory(author=row)

    page = client.post(admin_url(row), open_form(client, row) | wrong | {"slug": slug})

    assert page.status_code == 200
    link = page.text.partition('class="viewsitelink"')[0].rpartition("href=")[2]
    assert link == f'"{row.get_absolute_url()}" '


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PROPFIND"])
def test_no_page_takes_a_method_that_no_browser_has_for_it(client, root, method):
    post = DraftFactory()
    doors = [reverse("admin:index"), reverse("admin:password_link"), admin_url(post)]
    doors += [reverse("admin:password_link_sent"), reverse("admin:password_change")]
    doors += ["/", "/feed/", "/sitemap.xml", *[address for address, _ in rooms("changelist")]]

    for door in doors:
        assert client.generic(method, door).status_code == 405, door
    assert client.head(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("odd", ["\0", "a\0b", "9" * 5000, "\ufffe"])
def test_no_word_breaks_a_search(client, root, odd):
    for address, _ in rooms("changelist"):
        assert client.get(address, {"q": odd}, follow=True).status_code == 200, address


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("blog.redirect", "post"),
        ("blog.redirect", "category"),
        ("blog.redirect", "author"),
        ("newsletter.notice", "subscriber"),
    ],
)
@pytest.mark.parametrize("odd", ["zxq\0", "zxq" * 2000])
def test_no_word_breaks_what_is_suggested(client, root, model, field, odd):
    app, _, name = model.partition(".")
    asked = {"app_label": app, "model_name": name, "field_name": field, "term": odd}

    assert client.get(reverse("admin:autocomplete"), asked).json()["results"] == []


@pytest.mark.parametrize("odd", ["zxq\0", "zxq" * 2000])
def test_no_word_breaks_the_suggested_posts(client, root, odd):
    answer = client.get(reverse("admin:newsletter_issue_posts"), {"term": odd})

    assert answer.json()["results"] == []


def test_new_form_is_not_filled_from_its_address(client, root):
    page = client.get(reverse("admin:blog_post_add"), {"title": "Buy this", "status": "published"})

    assert "Buy this" not in page.text
    assert form_of(page, "post_form")["status"] == "draft"
