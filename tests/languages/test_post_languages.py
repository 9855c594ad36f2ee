"""A post in another language than the site's, and posts that say the same in several."""

import feedparser
import pytest
from django.urls import reverse

from blog.models import Post
from tests.factories import AdministratorFactory, DraftFactory, PostFactory, StaffFactory
from tests.newsroom import open_form, save

pytestmark = pytest.mark.django_db


def page(client, post: Post) -> str:
    return client.get(post.get_absolute_url()).content.decode()


@pytest.fixture
def pair():
    first = PostFactory(title="Slow bread")
    return first, PostFactory(title="Langsames Brot", language="de", translation_of=first)


def test_page_says_which_language_its_post_is_in(client):
    post = PostFactory(title="قراءة", slug="arabic", language="ar")

    found = page(client, post)

    assert '<html lang="en" dir="ltr">' in found
    assert '<article class="post" lang="ar" dir="rtl">' in found


def test_page_of_a_post_without_a_language_says_nothing_about_it(client):
    assert '<article class="post">' in page(client, PostFactory())


def test_lists_say_which_language_each_post_is_in(client):
    PostFactory(title="Lead", featured=True)
    PostFactory(title="Brot", language="de")

    home = client.get("/").content.decode()
    archive = client.get("/archive/").content.decode()

    assert '<article class="item" lang="de" dir="ltr">' in home
    assert archive.count('<li lang="de" dir="ltr">') == 1


def test_footnotes_are_named_in_the_language_of_their_post():
    post = PostFactory(body="Brot.[^1]\n\n[^1]: Aus Roggen.", language="de")

    assert 'aria-label="Fußnoten"' in post.html


def test_feeds_say_which_language_each_post_is_in(client):
    PostFactory(title="Brot", language="zh-hans")

    atom = client.get("/feed/").content.decode()
    json = client.get("/feed.json").json()

    assert '<entry xml:lang="zh-Hans">' in atom
    assert not feedparser.parse(atom).bozo
    assert (json["language"], json["items"][0]["language"]) == ("en", "zh-Hans")


def test_translations_lead_to_each_other(client, pair):
    first, german = pair

    for post, other, name in [(first, german, "Deutsch"), (german, first, "English")]:
        found = page(client, post)
        assert f'hreflang="en" href="https://blog.example.com{first.get_absolute_url()}"' in found
        assert f'hreflang="de" href="https://blog.example.com{german.get_absolute_url()}"' in found
        assert f">{name}</a></p>" in found
        assert f'<a href="{other.get_absolute_url()}" rel="alternate"' in found


def test_second_translation_leads_to_the_first_one(client, pair):
    first, german = pair
    french = PostFactory(title="Pain", language="fr", translation_of=first)

    found = page(client, french)

    assert german.get_absolute_url() in found
    assert page(client, german).count('rel="alternate" hreflang') == 5


def test_translation_that_nobody_may_see_is_not_named(client, pair):
    first, german = pair
    german.unpublish()

    found = page(client, first)

    assert "hreflang" not in found
    assert "Deutsch" not in found


def test_post_without_translations_asks_the_database_no_more(client, django_assert_num_queries):
    alone = PostFactory()
    client.get(alone.get_absolute_url())
    with django_assert_num_queries(3):
        client.get(alone.get_absolute_url())


def test_writer_says_what_a_post_translates(client):
    client.force_login(AdministratorFactory())
    first, draft = PostFactory(title="Slow bread"), DraftFactory(title="Brot")

    save(client, draft, language="de", translation_of=first.pk)

    draft.refresh_from_db()
    assert (draft.language, draft.translation_of) == ("de", first)


def test_translation_of_a_translation_is_one_of_the_first(client, pair):
    client.force_login(AdministratorFactory())
    first, german = pair
    draft = DraftFactory(title="Pain")

    save(client, draft, language="fr", translation_of=german.pk)

    draft.refresh_from_db()
    assert draft.translation_of == first


@pytest.mark.parametrize(
    ("which", "language", "message"),
    [
        ("itself", "fr", "A post cannot translate itself."),
        ("first", "de", "in this language already"),
        ("first", "", "in this language already"),
    ],
)
def test_translation_that_makes_no_sense_is_refused(client, pair, which, language, message):
    client.force_login(AdministratorFactory())
    draft = DraftFactory(title="Pain")
    target = draft if which == "itself" else pair[0]

    response = save(client, draft, language=language, translation_of=target.pk)

    assert message in response.content.decode()
    draft.refresh_from_db()
    assert draft.translation_of is None


def test_first_post_cannot_become_a_translation(client, pair):
    client.force_login(AdministratorFactory())

    response = save(client, pair[0], language="fr", translation_of=PostFactory().pk)

    assert "so it is the first and translates none" in response.content.decode()


def test_writer_learns_nothing_of_a_draft_that_is_not_hers(client):
    writer = StaffFactory(role="Author")
    client.force_login(writer)
    secret = DraftFactory(title="Secret ZXQ")

    response = save(client, DraftFactory(author=writer), translation_of=secret.pk)

    assert response.status_code == 200
    assert "ZXQ" not in response.content.decode()


def test_language_is_chosen_by_its_name(client):
    client.force_login(AdministratorFactory())

    form = client.get(reverse("admin:blog_post_add")).content.decode()

    assert '<option value="zh-hans">Simplified Chinese</option>' in form
    assert open_form(client, PostFactory(language="ar"))["language"] == "ar"
