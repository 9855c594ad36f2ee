"""Who may do what in the newsroom: every role at every door, and what a forged form achieves."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import get_resolver, reverse

from blog.models import AccountMail, Author, Category, Post
from newsletter.models import Subscriber, Terms
from tests.factories import (
    AdministratorFactory,
    AuthorFactory,
    CategoryFactory,
    DraftFactory,
    PostFactory,
    StaffFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsroom import admin_url, open_form, save

pytestmark = pytest.mark.django_db

ROLES = ["Contributor", "Author", "Editor", "Newsletter manager"]
POSTS = reverse("admin:blog_post_changelist")
OPEN, SHUT, HIDDEN = 200, 403, 404


# --- Every door ---

DOORS = {
    # page: what Contributor, Author, Editor and Newsletter manager get
    "blog_post_changelist": [OPEN, OPEN, OPEN, SHUT],
    "blog_post_add": [OPEN, OPEN, OPEN, SHUT],
    "blog_page_changelist": [SHUT, SHUT, OPEN, SHUT],
    "blog_page_add": [SHUT, SHUT, OPEN, SHUT],
    "blog_category_changelist": [SHUT, SHUT, OPEN, SHUT],
    "blog_category_add": [SHUT, SHUT, OPEN, SHUT],
    "blog_category_merge": [SHUT, SHUT, OPEN, SHUT],
    "blog_author_changelist": [OPEN, OPEN, OPEN, OPEN],
    "blog_author_add": [SHUT, SHUT, OPEN, SHUT],
    "blog_redirect_changelist": [SHUT, SHUT, OPEN, SHUT],
    "blog_accountmail_changelist": [SHUT, SHUT, OPEN, SHUT],
    "newsletter_issue_changelist": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_issue_add": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_subscriber_changelist": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_subscriber_add": [SHUT, SHUT, SHUT, SHUT],
    "newsletter_terms_changelist": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_terms_add": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_notice_changelist": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_digest_changelist": [SHUT, SHUT, SHUT, OPEN],
    "newsletter_digest_add": [SHUT, SHUT, SHUT, OPEN],
    "auth_group_changelist": [SHUT, SHUT, SHUT, SHUT],
    "auth_group_add": [SHUT, SHUT, SHUT, SHUT],
    "django_tasks_database_dbtaskresult_changelist": [SHUT, SHUT, SHUT, SHUT],
}


@pytest.mark.parametrize("place", range(4), ids=ROLES)
def test_doors_that_are_open_to_a_role(client, place):
    client.force_login(StaffFactory(role=ROLES[place]))
    category = CategoryFactory()

    found = {
        door: client.get(
            reverse(f"admin:{door}"), {"from": category.pk} if door.endswith("merge") else None
        ).status_code
        for door in DOORS
    }

    assert found == {door: allowed[place] for door, allowed in DOORS.items()}


@pytest.mark.parametrize(
    ("role", "own", "foreign"),
    [
        ("Contributor", OPEN, HIDDEN),
        ("Author", OPEN, HIDDEN),
        ("Editor", OPEN, OPEN),
        ("Newsletter manager", SHUT, SHUT),
    ],
)
def test_posts_that_a_role_can_open(client, role, own, foreign):
    me = StaffFactory(role=role)
    client.force_login(me)
    mine, theirs = DraftFactory(author=me), DraftFactory(title="ZXQCANARY")

    for page in ("change", "delete", "history"):
        assert client.get(admin_url(mine, page)).status_code == own
        answer = client.get(admin_url(theirs, page))
        assert answer.status_code == foreign
        assert ("ZXQCANARY" in answer.content.decode()) == (foreign == OPEN)


def test_one_row_of_subscribers_terms_site_and_mail_is_shut_to_writers(client):
    client.force_login(StaffFactory(role="Author"))
    subscriber, terms = SubscriberFactory(), TermsFactory(published_at=None)
    doors = [
        admin_url(subscriber),
        admin_url(subscriber, "history"),
        admin_url(subscriber, "erase"),
        admin_url(subscriber, "unsubscribe"),
        admin_url(subscriber, "lift"),
        admin_url(terms),
        admin_url(terms, "publish"),
        reverse("admin:blog_site_change", args=[1]),
        reverse("admin:newsletter_newslettersettings_change", args=[1]),
        reverse("admin:newsletter_subscriber_change", args=[999]),
    ]

    for door in doors:
        for answer in (client.get(door), client.post(door, {"post": "yes", "reason": "x"})):
            assert answer.status_code == 403
            assert subscriber.email not in answer.content.decode()
    assert Subscriber.objects.get().status == "active"
    assert not Terms.objects.get(pk=terms.pk).is_published


def test_every_page_of_the_newsroom_leads_a_stranger_to_the_sign_in(client):
    post = PostFactory()
    open_to_all = {"login", "password_link", "password_link_sent", "set_password"}
    pages = {
        pattern.name: reverse(f"admin:{pattern.name}", args=_arguments(pattern, post.pk))
        for pattern in _patterns(get_resolver("config.urls").url_patterns[0])
        if pattern.name and pattern.name not in open_to_all
    }

    answers = {name: client.get(address) for name, address in pages.items()}

    assert len(answers) > 50
    for name, answer in answers.items():
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(
            "/admin/" if name == "logout" else "/admin/login/?next="
        )


def _patterns(resolver):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern)
        else:
            yield pattern


def _arguments(pattern, number):
    if pattern.name == "app_list":
        return ["blog"]
    return [number] if pattern.pattern.converters else []


# --- Posts ---


def test_contributor_cannot_publish_or_set_what_is_not_hers_by_a_forged_form(client):
    me, other = StaffFactory(role="Contributor"), AuthorFactory()
    client.force_login(me)
    foreign = PostFactory(slug="taken")
    mine = DraftFactory(author=me, slug="mine")

    save(
        client,
        mine,
        title="Changed",
        status="published",
        published_at_0="2020-01-01",
        published_at_1="00:00:00",
        author=other.pk,
        featured="on",
        slug="taken",
        canonical_url="https://elsewhere.example/",
        send_newsletter="1",
    )

    mine.refresh_from_db()
    assert mine.title == "Changed"
    assert (mine.status, mine.published_at, mine.featured) == ("draft", None, False)
    assert (mine.author, mine.slug, mine.canonical_url) == (me, "mine", "")
    assert list(Post.objects.published()) == [foreign]


def test_contributor_reads_her_published_post_but_changes_it_no_more(client):
    me = StaffFactory(role="Contributor")
    client.force_login(me)
    post = PostFactory(author=me, title="Out", body="As published.")

    shown = client.get(admin_url(post))
    changed = client.post(admin_url(post), {"title": "Vandalised", "body": "x"})
    deleted = client.post(admin_url(post, "delete"), {"post": "yes"})

    assert "As published." in shown.content.decode()
    assert 'name="_save"' not in shown.content.decode()
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert Post.objects.get().title == "Out"


@pytest.mark.parametrize("action", ["publish", "unpublish", "delete_selected"])
@pytest.mark.parametrize("across", ["0", "1"])
def test_actions_reach_no_foreign_post(client, action, across):
    me = StaffFactory(role="Author")
    client.force_login(me)
    draft, public = DraftFactory(title="ZXQCANARY"), PostFactory(title="ZXQCANARY2")
    data = {
        "action": action,
        "index": "0",
        "select_across": across,
        "_selected_action": [draft.pk, public.pk],
        "post": "yes",
    }

    answer = client.post(POSTS, data, follow=True)

    assert "ZXQCANARY" not in answer.content.decode()
    assert {post.title: post.status for post in Post.objects.all()} == {
        "ZXQCANARY": "draft",
        "ZXQCANARY2": "published",
    }


def test_contributor_has_no_action_that_publishes(client):
    me = StaffFactory(role="Contributor")
    client.force_login(me)
    post = DraftFactory(author=me)

    client.post(POSTS, {"action": "publish", "index": "0", "_selected_action": [post.pk]})

    assert Post.objects.get().status == "draft"
    assert 'value="publish"' not in client.get(POSTS).content.decode()


def test_contributor_deletes_no_published_post_from_the_list(client):
    me = StaffFactory(role="Contributor")
    client.force_login(me)
    post = PostFactory(author=me)

    data = {"action": "delete_selected", "_selected_action": [post.pk], "post": "yes"}
    answer = client.post(POSTS, data)

    assert answer.status_code == 403
    assert Post.objects.exists()


def test_permission_taken_away_while_the_form_is_open_counts(client):
    me = StaffFactory()
    may_change = Permission.objects.get(codename="change_post")
    me.user_permissions.add(may_change)
    client.force_login(me)
    post = DraftFactory(author=me, title="Old")
    data = open_form(client, post) | {"title": "New"}
    me.user_permissions.remove(may_change)

    answer = client.post(admin_url(post), data)

    assert answer.status_code == 403
    assert Post.objects.get().title == "Old"


def test_shortcut_to_any_row_is_closed(client):
    client.force_login(StaffFactory(role="Contributor"))
    draft = PostFactory(slug="zxqcanary")

    answer = client.get(f"/admin/r/{_type_of(draft)}/{draft.pk}/")

    assert answer.status_code == 404


def _type_of(row):
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(row).pk


@pytest.mark.parametrize(
    ("model", "field", "status"),
    [
        ("blog.redirect", "post", 200),
        ("blog.post", "author", 200),
        ("blog.redirect", "category", 403),
        ("newsletter.consent", "subscriber", 403),
        ("newsletter.subscriber", "terms", 404),
        ("blog.accountmail", "author", 200),
    ],
)
def test_suggestions_name_nothing_that_a_writer_may_not_see(client, model, field, status):
    me = StaffFactory(role="Author", display_name="Mine")
    client.force_login(me)
    DraftFactory(title="ZXQCANARY", author=AuthorFactory(display_name="ZXQCANARY"))
    SubscriberFactory(email="zxqcanary@example.com")
    app_label, model_name = model.split(".")

    answer = client.get(
        reverse("admin:autocomplete"),
        {"app_label": app_label, "model_name": model_name, "field_name": field, "term": ""},
    )

    assert answer.status_code == status
    assert "zxqcanary" not in answer.content.decode().lower()


def test_history_shows_names_and_no_sign_in_names(client):
    editor = StaffFactory(role="Editor", username="edda@example.com", display_name="Edda")
    me = StaffFactory(role="Contributor")
    post = DraftFactory(author=me)
    client.force_login(editor)
    save(client, post, title="Mended")
    client.force_login(me)

    page = client.get(admin_url(post, "history")).content.decode()

    assert "Edda" in page
    assert "edda@example.com" not in page


@pytest.mark.parametrize("number", ["99999999999999999999", "x", "0", "%00"])
def test_number_of_no_post_is_not_found(client, number):
    client.force_login(AdministratorFactory())

    for page in ("change", "delete", "history"):
        assert client.get(f"/admin/blog/post/{number}/{page}/").status_code == 404
        if page != "history":
            assert client.post(f"/admin/blog/post/{number}/{page}/").status_code == 404


# --- Authors: nobody becomes somebody else ---


@pytest.mark.parametrize("role", ["Contributor", "Author", "Newsletter manager"])
def test_writer_sees_and_changes_her_own_profile_only(client, role):
    me = StaffFactory(role=role, display_name="Mine")
    other = AuthorFactory(display_name="ZXQCANARY")
    client.force_login(me)

    save(client, me, display_name="My new name")

    assert Author.objects.get(pk=me.pk).display_name == "My new name"
    assert client.get(admin_url(other)).status_code == 404
    assert "ZXQCANARY" not in client.get(reverse("admin:blog_author_changelist")).content.decode()


@pytest.mark.parametrize("role", ["Contributor", "Editor"])
@pytest.mark.parametrize("victim", ["self", "administrator"])
def test_nobody_but_an_administrator_touches_an_account(client, role, victim):
    me, root = StaffFactory(role=role), AdministratorFactory(display_name="Root")
    client.force_login(me)
    target = me if victim == "self" else root
    before = Author.objects.filter(pk=target.pk).values(
        "username", "email", "password", "is_staff", "is_superuser", "is_active"
    )[0]

    client.post(
        admin_url(target),
        {
            "display_name": "Renamed",
            "slug": target.slug,
            "username": "attacker",
            "email": "attacker@example.com",
            "password": "x",
            "password1": "another long password",
            "password2": "another long password",
            "is_superuser": "on",
            "is_staff": "",
            "is_active": "",
            "groups": [group.pk for group in me.groups.all()],
            "user_permissions": [permission.pk for permission in Permission.objects.all()[:5]],
        },
    )

    after = Author.objects.filter(pk=target.pk).values(*before)[0]
    assert after == before
    assert not target.user_permissions.exists()
    assert list(root.groups.all()) == []


@pytest.mark.parametrize("role", ["Contributor", "Author", "Editor"])
def test_nobody_but_an_administrator_deletes_an_author(client, role):
    me, other = StaffFactory(role=role), AuthorFactory()
    client.force_login(me)
    people = reverse("admin:blog_author_changelist")
    data = {"action": "delete_selected", "_selected_action": [other.pk, me.pk], "post": "yes"}

    client.post(people, data)
    client.post(people, data | {"index": "0", "select_across": "1"})
    for each in (other, me):
        client.post(admin_url(each, "delete"), {"post": "yes"})

    assert Author.objects.filter(pk__in=[me.pk, other.pk]).count() == 2


def test_password_page_of_djangos_own_user_admin_does_not_exist(client):
    client.force_login(AdministratorFactory())

    answer = client.get(f"/admin/blog/author/{AuthorFactory().pk}/password/", follow=True)

    assert answer.status_code == 404


def test_deleted_author_leaves_her_posts(client):
    client.force_login(AdministratorFactory())
    author = AuthorFactory(slug="old")
    AccountMail.objects.create(kind="invitation", author=author)
    author.slug = "new"
    author.save()
    post = PostFactory(author=author)

    client.post(admin_url(author, "delete"), {"post": "yes"})

    assert Post.objects.get().author is None
    assert client.get(post.get_absolute_url()).status_code == 200


def test_administrator_cannot_lock_herself_out(client):
    root = AdministratorFactory()
    client.force_login(root)
    data = open_form(client, root)
    del data["is_superuser"]

    answer = client.post(admin_url(root), data)

    assert "cannot lock yourself out" in answer.content.decode()
    assert Author.objects.get().is_superuser


# --- Categories and redirects ---


def test_categories_cannot_be_moved_or_merged_by_writers(client):
    client.force_login(StaffFactory(role="Author"))
    first, second = CategoryFactory(), CategoryFactory()

    moved = client.post(reverse("admin:blog_category_move", args=[first.pk]), {"by": "1"})
    merged = client.post(
        f"{reverse('admin:blog_category_merge')}?from={first.pk}", {"target": second.pk}
    )

    assert (moved.status_code, merged.status_code) == (403, 403)
    assert Category.objects.count() == 2
