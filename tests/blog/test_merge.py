"""Categories: counted, put in order, and two of them made one."""

import pytest
from django.db import connections
from django.db.models import ProtectedError
from django.test import TransactionTestCase
from django.urls import reverse

from blog.admin.categories import MergeForm
from blog.models import Category, Post, Redirect
from tests.factories import (
    AdministratorFactory,
    CategoryFactory,
    DraftFactory,
    IssueFactory,
    PostFactory,
    StaffFactory,
    SubscriberFactory,
)
from tests.newsroom import admin_url
from tests.processes import at_once

pytestmark = pytest.mark.django_db
CATEGORIES = reverse("admin:blog_category_changelist")
MERGE = reverse("admin:blog_category_merge")


@pytest.fixture
def editor(client):
    editor = StaffFactory(role="Editor")
    client.force_login(editor)
    return editor


def test_merged_category_hands_over_posts_readers_and_addresses():
    source, target = CategoryFactory(slug="it"), CategoryFactory(slug="careers")
    source.slug = "it-careers"
    source.save()
    only, both = DraftFactory(categories=[source]), DraftFactory(categories=[source, target])
    reader = SubscriberFactory(receives_everything=False)
    reader.topics.set([source, target])

    source.merge_into(target)

    assert list(Category.objects.all()) == [target]
    assert [list(post.categories.all()) for post in (only, both)] == [[target], [target]]
    assert list(reader.topics.all()) == [target]
    assert Post.categories.through.objects.count() == 2
    assert {row.old_path: row.category for row in Redirect.objects.all()} == {
        "/categories/it/": target,
        "/categories/it-careers/": target,
    }


def test_readers_of_a_merged_category_are_led_on(client):
    source, target = CategoryFactory(slug="it"), CategoryFactory(slug="careers")
    PostFactory(categories=[source])

    source.merge_into(target)

    page, feed = client.get("/categories/it/"), client.get("/categories/it/feed/")
    assert (page.status_code, page["Location"]) == (301, "/categories/careers/")
    assert (feed.status_code, feed["Location"]) == (301, "/categories/careers/feed/")


def test_merge_touches_no_third_category():
    source, target, third = CategoryFactory(), CategoryFactory(), CategoryFactory()
    post = DraftFactory(categories=[third])

    source.merge_into(target)

    assert list(post.categories.all()) == [third]
    assert Category.objects.count() == 2


def test_category_is_not_merged_into_itself():
    category = CategoryFactory()

    with pytest.raises(ValueError, match="into itself"):
        category.merge_into(category)

    assert Category.objects.count() == 1


@pytest.mark.parametrize("kind", ["post", "reader", "issue"])
def test_category_that_is_used_is_not_deleted_by_a_script_either(kind):
    used, free = CategoryFactory(), CategoryFactory()
    match kind:
        case "post":
            DraftFactory(categories=[used])
        case "reader":
            SubscriberFactory(receives_everything=False).topics.set([used])
        case "issue":
            IssueFactory().categories.set([used])

    with pytest.raises(ProtectedError, match="merged into another"):
        used.delete()
    with pytest.raises(ProtectedError, match="merged into another"):
        Category.objects.order_by("-pk").delete()
    both = set(Category.objects.all())
    Category.objects.filter(pk=free.pk).delete()

    assert both == {used, free}
    assert list(Category.objects.all()) == [used]


def test_failed_merge_changes_nothing(monkeypatch):
    source, target = CategoryFactory(), CategoryFactory()
    post = DraftFactory(categories=[source])

    def fail(self, *args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Category, "delete", fail)
    with pytest.raises(RuntimeError):
        source.merge_into(target)

    assert list(post.categories.all()) == [source]
    assert not Redirect.objects.exists()


# --- In the newsroom ---


def test_two_categories_are_merged_into_a_third(client, editor):
    one, two, target = (CategoryFactory(name=name) for name in ("One", "Two", "Target"))
    post = DraftFactory(categories=[one, two])

    chosen = client.post(
        CATEGORIES,
        {"action": "merge", "index": "0", "_selected_action": [one.pk, two.pk]},
    )
    question = client.get(chosen["Location"])
    client.post(chosen["Location"], {"target": target.pk})

    assert "One</strong> (1 post)" in question.content.decode()
    assert list(Category.objects.all()) == [target]
    assert list(post.categories.all()) == [target]


@pytest.mark.parametrize("target", ["", "source", "x", "99999999999999999999"])
def test_merge_without_a_right_target_changes_nothing(client, editor, target):
    source = CategoryFactory()
    CategoryFactory()

    response = client.post(
        f"{MERGE}?from={source.pk}", {"target": source.pk if target == "source" else target}
    )

    assert "target" in response.context["form"].errors
    assert Category.objects.count() == 2


@pytest.mark.parametrize("query", ["", "from=x", "from=999", "from=٣", "from=" + "9" * 30])
def test_merge_of_no_category_leads_back_to_the_list(client, editor, query):
    CategoryFactory()

    response = client.post(f"{MERGE}?{query}", {"target": "1"})

    assert (response.status_code, response["Location"]) == (302, CATEGORIES)
    assert Category.objects.count() == 1


@pytest.mark.parametrize("used_by", ["post", "reader"])
def test_used_category_is_merged_not_deleted(client, editor, used_by):
    category = CategoryFactory(name="Craft")
    if used_by == "post":
        DraftFactory(categories=[category])
    else:
        SubscriberFactory().topics.add(category)

    response = client.post(admin_url(category, "delete"), {"post": "yes"}, follow=True)

    assert response.request["PATH_INFO"] == MERGE
    assert "“Craft” has posts or readers" in response.content.decode()
    assert Category.objects.exists()


def test_unused_category_is_deleted_with_its_old_addresses(client, editor):
    category = CategoryFactory(slug="old")
    category.slug = "new"
    category.save()

    client.post(admin_url(category, "delete"), {"post": "yes"})

    assert not Category.objects.exists()
    assert not Redirect.objects.exists()


def test_used_categories_are_not_deleted_from_the_list_either(client):
    client.force_login(AdministratorFactory())
    category = CategoryFactory()
    DraftFactory(categories=[category])

    client.post(
        CATEGORIES,
        {"action": "delete_selected", "_selected_action": [category.pk], "post": "yes"},
    )

    assert Category.objects.exists()


@pytest.mark.parametrize(
    ("which", "by", "order"),
    [
        ("B", "-1", ["B", "A", "C"]),
        ("B", "1", ["A", "C", "B"]),
        ("A", "-1", ["A", "B", "C"]),
        ("C", "1", ["A", "B", "C"]),
    ],
)
def test_category_moves_one_step(client, editor, which, by, order):
    rows = {name: CategoryFactory(name=name) for name in "ABC"}

    client.post(reverse("admin:blog_category_move", args=[rows[which].pk]), {"by": by})

    assert [category.name for category in Category.objects.all()] == order


def test_category_moves_by_post_only(client, editor):
    first, second = CategoryFactory(name="A"), CategoryFactory(name="B")

    response = client.get(reverse("admin:blog_category_move", args=[first.pk]), {"by": "1"})

    assert response.status_code == 405
    assert list(Category.objects.all()) == [first, second]


@pytest.mark.parametrize("number", [1, 3])
def test_list_counts_posts_in_one_query(client, editor, django_assert_num_queries, number):
    for _ in range(number):
        DraftFactory(categories=[CategoryFactory()])
    client.get(CATEGORIES)

    with django_assert_num_queries(7):
        page = client.get(CATEGORIES).content.decode()

    assert page.count('<td class="field-post_count">1</td>') == number


# --- Old addresses ---


def test_redirect_needs_one_place_to_lead_to(client, editor):
    page = reverse("admin:blog_redirect_add")
    post = PostFactory()

    none = client.post(page, {"old_path": "/2019/hello/"})
    two = client.post(page, {"old_path": "/2019/hello/", "to_path": "/x/", "post": post.pk})
    one = client.post(page, {"old_path": "/2019/hello/", "post": post.pk})

    for refused in (none, two):
        assert "Name one place to lead to" in refused.content.decode()
    assert one.status_code == 302
    assert client.get("/2019/hello/")["Location"] == post.get_absolute_url()


@pytest.mark.parametrize("to_path", ["/a/", "/b/"])
def test_redirect_does_not_lead_in_a_circle(client, editor, to_path):
    Redirect.objects.create(old_path="/b/", to_path="/a/")

    response = client.post(
        reverse("admin:blog_redirect_add"), {"old_path": "/a/", "to_path": to_path}
    )

    assert "leads somewhere else itself" in response.content.decode()
    assert Redirect.objects.count() == 1


@pytest.mark.parametrize("to_path", ["//evil.example/", "javascript:alert(1)", "data:,x"])
def test_redirect_takes_no_tricky_address(client, editor, to_path):
    response = client.post(
        reverse("admin:blog_redirect_add"), {"old_path": "/a/", "to_path": to_path}
    )

    assert "to_path" in response.context["adminform"].form.errors
    assert not Redirect.objects.exists()


# --- Two editors at once ---


def test_category_that_was_merged_away_takes_nothing_in():
    one, two = CategoryFactory(), CategoryFactory()
    post = DraftFactory(categories=[one])
    seen_one, seen_two = Category.objects.get(pk=one.pk), Category.objects.get(pk=two.pk)
    one.merge_into(two)

    with pytest.raises(Category.DoesNotExist):
        seen_two.merge_into(seen_one)
    with pytest.raises(Category.DoesNotExist):
        seen_one.merge_into(seen_two)
    seen_one.move(1)

    assert list(post.categories.all()) == [two]


def test_editor_is_told_when_somebody_else_was_faster(client, editor, monkeypatch):
    source, target = CategoryFactory(name="Apples"), CategoryFactory(name="Bears")
    post = DraftFactory(categories=[source])
    is_valid = MergeForm.is_valid

    def is_valid_and_lost(form):
        valid = is_valid(form)
        Category.objects.filter(pk=target.pk).delete()
        return valid

    monkeypatch.setattr(MergeForm, "is_valid", is_valid_and_lost)

    page = client.post(f"{MERGE}?from={source.pk}", {"target": target.pk}, follow=True)

    assert "“Apples” or “Bears” is gone: somebody merged or deleted it just now." in page.text
    assert "went into" not in page.text
    assert list(post.categories.all()) == [source]


class CrossedMerges(TransactionTestCase):
    def test_two_categories_merged_into_each_other_leave_one_with_all_posts(self) -> None:
        one, two = CategoryFactory(), CategoryFactory()
        posts = [DraftFactory(categories=[one]), DraftFactory(categories=[two])]
        pairs = [(one.pk, two.pk), (two.pk, one.pk)] * 2

        def merge(number):
            source, target = (Category.objects.get(pk=pk) for pk in pairs[number])
            source.merge_into(target)

        faults = at_once(4, merge)

        [left] = Category.objects.all()
        assert [list(post.categories.all()) for post in posts] == [[left], [left]]
        assert {type(fault) for fault in faults} == {Category.DoesNotExist}

    def test_categories_can_be_moved_by_many_at_once(self) -> None:
        categories = [CategoryFactory(order=9 - number) for number in range(4)]

        faults = at_once(8, lambda n: categories[n % 4].move(1 if n % 2 else -1))

        assert faults == []
        assert sorted(row.order for row in Category.objects.all()) == [1, 2, 3, 4]

    def tearDown(self) -> None:
        connections.close_all()
