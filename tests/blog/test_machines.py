"""What only machines read: robots.txt, llms.txt, posts as they were written."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest

from blog import crawlers, machines
from blog.importers.markdown import read
from blog.models import Post
from tests.blog.xss_corpus import PAYLOADS
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, SeriesFactory, SiteFactory

pytestmark = pytest.mark.django_db

PUBLISHED = datetime(2026, 5, 12, 8, tzinfo=UTC)


@pytest.fixture
def post():
    post = PostFactory(
        title="Salt: & <Vinegar>",
        slug="日本語",
        summary="no",
        body="---\nA line.\n\n## *Below*\n\n<b>As</b> written.  \n",
        author=AuthorFactory(display_name="Ada Penn", slug="ada"),
        categories=[CategoryFactory(name="R&D: #1"), CategoryFactory(name="2026-01-01")],
        published_at=PUBLISHED,
        canonical_url="https://elsewhere.example/salt",
        series=SeriesFactory(name="Salt: & water"),
        series_position=0,
        featured=True,
        meta_title="Salt: what it is",
        meta_description="# All about salt",
        language="zh-hans",
        translation_of=PostFactory(slug="salt-and-vinegar", published_at=PUBLISHED),
    )
    Post.objects.update(updated_at=PUBLISHED)
    return post


def may_read(client, name):
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").text.splitlines())
    return rules.can_fetch(name, "https://blog.example.com/posts/on-salt/")


@pytest.mark.parametrize(
    ("choice", "training", "answering"),
    [("welcome", True, True), ("no-training", False, True), ("refused", False, False)],
)
def test_site_chooses_who_may_read_it_for_language_models(client, choice, training, answering):
    SiteFactory(ai_crawlers=choice)

    assert {may_read(client, name) for name in crawlers.TRAINING} == {training}
    assert {may_read(client, name) for name in crawlers.ANSWERING} == {answering}
    assert may_read(client, "Googlebot")
    assert may_read(client, "Bingbot")
    assert "Sitemap: https://blog.example.com/sitemap.xml" in client.get("/robots.txt").text


def test_nobody_is_refused_until_somebody_chooses(client):
    assert may_read(client, "GPTBot")


def test_choice_that_nobody_offers_refuses_nobody(client):
    SiteFactory(ai_crawlers="else")

    assert may_read(client, "GPTBot")


def test_choice_about_crawlers_is_explained_where_it_is_made(admin_client):
    page = admin_client.get("/admin/blog/site/1/change/", follow=True).text

    assert "Answer questions from it, but do not train on it" in page
    assert "It is a request" in page


def test_llms_txt_lists_what_there_is_to_read(client, post):
    SiteFactory(name="The Example", tagline="Words *and* deeds")

    response = client.get("/llms.txt")

    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["Cache-Control"] == "public, no-cache"
    lines = response.text.splitlines()
    assert lines[:6] == [
        "# The Example",
        "",
        r"> Words \*and\* deeds",
        "",
        "## Posts",
        "",
    ]
    address = "https://blog.example.com/posts/%E6%97%A5%E6%9C%AC%E8%AA%9E.md"
    assert lines[6] == rf"- [Salt: & \<Vinegar\>]({address}): no"
    assert client.get(address.removeprefix("https://blog.example.com")).status_code == 200


def test_llms_txt_is_not_there_where_no_crawler_may_read(client, post):
    SiteFactory(ai_crawlers="refused")

    assert client.get("/llms.txt").status_code == 404


def test_llms_txt_of_an_empty_site_is_an_index_too(client):
    assert client.get("/llms.txt").text.startswith("# Pennypost\n\n## Optional\n\n- [Archive]")


@pytest.mark.parametrize("payload", [*PAYLOADS.values(), "](https://evil.example) [x", "a\n# b"])
def test_no_title_breaks_out_of_its_line_in_llms_txt(client, payload):
    PostFactory(slug="first", title=payload[:200] or "x", summary=payload)

    lines = client.get("/llms.txt").text.splitlines()

    (line,) = [line for line in lines if "/posts/first.md" in line]
    assert line.count("](https://blog.example.com/posts/first.md)") == 1
    assert line.replace(r"\[", "").replace(r"\]", "").count("[") == 1
    assert "<" not in line.replace(r"\<", "")


def test_llms_txt_lists_the_newest(client, monkeypatch):
    monkeypatch.setattr(machines, "LISTED", 2)
    for number in range(3):
        PostFactory(slug=f"post-{number}", published_at=PUBLISHED.replace(day=number + 1))

    text = client.get("/llms.txt").text

    assert [f"post-{number}.md" in text for number in range(3)] == [False, True, True]


def test_post_as_it_was_written_comes_back_by_an_import(client, post, tmp_path):
    response = client.get("/posts/日本語.md")

    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["Link"] == '<https://elsewhere.example/salt>; rel="canonical"'
    file = Path(tmp_path, "post.md")
    file.write_bytes(response.content)
    imported = read(file, tmp_path)
    assert (imported.title, imported.slug, imported.summary) == (post.title, "日本語", "no")
    assert imported.body.strip() == post.body.strip()
    assert (imported.date, imported.updated) == (PUBLISHED, PUBLISHED)
    assert imported.status == "published"
    assert sorted(imported.categories) == ["2026-01-01", "R&D: #1"]
    assert (imported.author, imported.canonical_url) == ("Ada Penn", post.canonical_url)
    assert (imported.series, imported.language) == ("Salt: & water", "zh-Hans")
    assert (imported.series_position, imported.featured) == (0, True)
    assert imported.meta_title == "Salt: what it is"
    assert imported.meta_description == "# All about salt"
    assert imported.translation_of == "salt-and-vinegar"
    assert imported.unknown == {}


def test_source_of_a_translation_does_not_name_a_draft(client, post):
    first = post.translation_of
    first.unpublish()

    source = client.get("/posts/日本語.md")

    assert source.status_code == 200
    assert "salt-and-vinegar" not in source.text


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_hostile_post_is_text_and_nothing_else(client, payload, tmp_path):
    PostFactory(slug="first", title=payload[:200], summary=payload[:600], body=payload)

    response = client.get("/posts/first.md")

    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.text.count("\n---\n") == 1
    file = Path(tmp_path, "post.md")
    file.write_bytes(response.content)
    assert read(file, tmp_path).title == Post.objects.get().title


def test_bare_post_has_only_what_there_is(client):
    PostFactory(slug="bare", title="Bare", author=None, published_at=PUBLISHED)
    Post.objects.update(updated_at=PUBLISHED)

    assert client.get("/posts/bare.md").text == (
        "---\ntitle: Bare\nslug: bare\ndate: 2026-05-12 08:00:00+00:00\n"
        "updated: 2026-05-12 08:00:00+00:00\nstatus: published\n---\n"
    )


def test_page_names_its_source(client, post):
    link = (
        '<link rel="alternate" type="text/markdown" '
        'href="https://blog.example.com/posts/%E6%97%A5%E6%9C%AC%E8%AA%9E.md">'
    )

    assert link in client.get("/posts/日本語/").text


def test_source_moves_with_its_post(client, post):
    post.slug = "salt"
    post.save()

    moved = client.get("/posts/日本語.md")

    assert (moved.status_code, moved["Location"]) == (301, "/posts/salt.md")
    assert moved["Cache-Control"] == "no-cache"


def test_source_of_a_post_that_moved_and_was_taken_back_is_gone(client, post):
    post.slug = "salt"
    post.save()
    post.unpublish()

    assert client.get("/posts/日本語.md").status_code == 404
    assert client.get("/posts/salt.md").status_code == 404


@pytest.mark.parametrize("path", ["/robots.txt", "/llms.txt", "/posts/日本語.md"])
def test_what_was_read_is_not_sent_again(client, post, path):
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert "Set-Cookie" not in first


@pytest.mark.parametrize("path", ["/robots.txt", "/llms.txt", "/posts/日本語.md"])
def test_three_posts_take_as_many_questions_as_one(
    client, post, path, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3) as one:
        client.get(path)

    PostFactory.create_batch(2, categories=[CategoryFactory()])
    with django_assert_max_num_queries(3) as more:
        client.get(path)

    assert len(more) == len(one)
