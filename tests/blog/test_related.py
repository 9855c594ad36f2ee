"""Posts about the same."""

import re

import pytest

from blog.models import Post
from blog.related import relate
from blog.tasks import relate_posts
from blog.text import keywords
from tests.factories import CategoryFactory, DraftFactory, PostFactory

pytestmark = pytest.mark.django_db
BREAD = "The dough rises and the oven is hot, and the crust of the loaf is dark."
WHEEL = "The spokes and the rim and the hub of the bicycle wheel, and a spanner."
WATER = "The tide and the harbour, and a boat that leaves with the wind."


@pytest.fixture
def posts():
    """Two about bread, two about wheels, one about neither."""
    texts = {"bread": BREAD, "loaf": BREAD, "wheel": WHEEL, "spokes": WHEEL, "tide": WATER}
    return {slug: PostFactory(title=slug.title(), body=text) for slug, text in texts.items()}


def shown(client, slug):
    """The slugs of the posts that are offered below a post."""
    text = client.get(f"/posts/{slug}/").text.partition('class="related"')[2]
    return re.findall(r'<a href="/posts/([^/]+)/"', text.partition("</section>")[0])


def test_post_leads_to_those_with_the_same_words(client, posts):
    relate_posts.call()

    assert [shown(client, slug) for slug in posts] == [
        ["loaf"],
        ["bread"],
        ["spokes"],
        ["wheel"],
        [],
    ]
    assert "On the same subject" in client.get("/posts/bread/").text
    assert "On the same subject" not in client.get("/posts/tide/").text


def test_common_category_relates_what_has_no_common_word(client, posts):
    category = CategoryFactory()
    for slug in ("tide", "wheel"):
        posts[slug].categories.add(category)

    relate_posts.call()

    assert shown(client, "tide") == ["wheel"]
    assert shown(client, "wheel") == ["spokes", "tide"]


def test_new_post_is_told_to_those_it_is_related_to(client, posts):
    relate_posts.call()
    PostFactory(title="Oven", body=BREAD)
    waiting = [post.slug for post in Post.objects.to_relate()]

    relate_posts.call()

    assert waiting == ["oven"]
    assert sorted(shown(client, "bread")) == ["loaf", "oven"]


def test_what_is_hidden_since_is_shown_nowhere(client, posts):
    relate_posts.call()
    posts["loaf"].unpublish()
    stored = Post.objects.get(slug="bread").related

    assert stored == [posts["loaf"].pk]
    assert shown(client, "bread") == []


def test_draft_is_suggested_to_nobody(client, posts):
    DraftFactory(title="Oven", body=BREAD)

    relate_posts.call()

    assert shown(client, "bread") == ["loaf"]


def test_only_the_best_three_are_shown(client):
    PostFactory.create_batch(6, body=BREAD)
    PostFactory.create_batch(6, body=WHEEL)
    relate_posts.call()

    slugs = [post.slug for post in Post.objects.all()]
    assert {len(shown(client, slug)) for slug in slugs} == {3}


def test_neighbour_that_is_related_too_stays_the_neighbour(client, posts):
    relate_posts.call()

    page = client.get("/posts/loaf/").text

    assert '<a rel="prev" href="/posts/bread/">' in page
    assert '<a rel="next" href="/posts/wheel/">' in page
    assert shown(client, "loaf") == ["bread"]


def test_finding_them_costs_the_same_however_many_posts_there_are(
    django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr("blog.related.NEAR", 2)
    posts = PostFactory.create_batch(3, body=BREAD)
    with django_assert_max_num_queries(7) as few:
        relate(posts[:1])

    PostFactory.create_batch(9, body=WHEEL)
    Post.objects.update(related=None, is_related=None)
    with django_assert_max_num_queries(7) as many:
        relate(posts[:1])

    assert len(few) == len(many)


@pytest.mark.parametrize("related", [None, [], [0], [-1, 10**12]])
def test_page_bears_whatever_is_stored(client, posts, related):
    Post.objects.update(related=related)

    assert shown(client, "bread") == []


def test_post_is_never_related_to_itself(client, posts):
    Post.objects.update(related=[posts["bread"].pk, posts["loaf"].pk])

    assert shown(client, "bread") == ["loaf"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bread, bread & BUTTER in 2026 at 12:00", ["bread", "butter"]),
        ("東京の東京", ["東京", "京の", "の東"]),
        ("", []),
        ("à l'Élysée", ["élysée"]),
    ],
)
def test_keywords_are_the_words_of_any_script(text, words):
    assert keywords(text) == words


def test_keywords_of_an_endless_word_are_bounded():
    assert max(map(len, keywords("x" * 100_000))) == 40
