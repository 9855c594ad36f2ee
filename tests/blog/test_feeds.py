"""What feed readers get, as a feed reader understands it."""

import json
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import feedparser
import pytest

from blog.models import Post
from tests.blog import schemas
from tests.blog.pictures import picture, upload
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, SiteFactory

pytestmark = pytest.mark.django_db

FEEDS = ["/feed/", "/feed/rss/", "/feed.json"]
XML = ["/feed/", "/feed/rss/"]
PUBLISHED = datetime(2026, 5, 12, 8, tzinfo=UTC)
UPDATED = datetime(2026, 5, 14, 9, tzinfo=UTC)


@pytest.fixture
def post():
    SiteFactory(name="The Example", tagline="Words & deeds")
    post = PostFactory(
        title="Salt & <Vinegar>",
        slug="日本語",
        summary="A *short* summary & more.",
        body="See [the other](/posts/other/) and [below](#s-below).\n\n## Below\n\nWhole text.",
        author=AuthorFactory(display_name="Ada Penn"),
        categories=[CategoryFactory(name="R&D"), CategoryFactory(name="Tools")],
        published_at=PUBLISHED,
    )
    Post.objects.filter(pk=post.pk).update(updated_at=UPDATED)
    return post


def read(client, path):
    """A feed as feedparser sees it, with all that it found wrong."""
    feed = feedparser.parse(client.get(path).content)
    assert (feed.bozo, feed.get("bozo_exception")) == (False, None)
    return feed


@pytest.mark.parametrize("path", XML)
def test_text_that_looks_like_the_end_of_its_place_does_not_end_there(client, path):
    html = '<p title="]]>">a ]]&gt; b]]&gt;</p><pre>]]]]&gt;&lt;![CDATA[</pre><i title="]]>"></i>]]'
    PostFactory()
    # Signs that XML cannot hold are left out, and might hide an end.
    Post.objects.update(html=html.replace("]]>", "]]\x01>", 1).replace("]]]]", "]\x02]]]"))

    tree = ElementTree.fromstring(client.get(path).content)  # noqa: S314

    assert html in [each.text for each in tree.iter()]


ADDRESS = "https://blog.example.com/posts/%E6%97%A5%E6%9C%AC%E8%AA%9E/"


@pytest.mark.parametrize("path", XML)
def test_feed_tells_all_about_a_post(client, post, path):
    feed = read(client, path)
    (entry,) = feed.entries

    assert feed.feed.title == "The Example"
    assert feed.feed.link == "https://blog.example.com/"
    assert entry.title == "Salt & <Vinegar>"
    assert entry.link == ADDRESS
    assert entry.id == f"urn:uuid:{post.guid}"
    assert entry.author == "Ada Penn"
    assert [tag.term for tag in entry.tags] == ["R&D", "Tools"]
    assert entry.published_parsed[:6] == PUBLISHED.timetuple()[:6]
    assert entry.updated_parsed[:6] == UPDATED.timetuple()[:6]
    # Atom says that it is plain text; in RSS readers take it for HTML.
    ampersand = {"/feed/": "&", "/feed/rss/": "&amp;"}[path]
    assert entry.summary == f"A *short* summary {ampersand} more."


@pytest.mark.parametrize("path", XML)
def test_feed_has_the_whole_text_with_whole_addresses(client, post, path):
    (entry,) = read(client, path).entries
    (content,) = entry.content

    assert "<p>Whole text.</p>" in content.value
    assert 'href="https://blog.example.com/posts/other/"' in content.value
    assert f'href="{ADDRESS}#s-below"' in content.value
    assert 'href="/' not in content.value
    assert 'href="#' not in content.value


def test_json_feed_tells_all_about_a_post(client, post):
    response = client.get("/feed.json")
    feed = json.loads(response.content)
    (item,) = feed.pop("items")
    html = item.pop("content_html")

    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Example",
        "description": "Words & deeds",
        "home_page_url": "https://blog.example.com/",
        "feed_url": "https://blog.example.com/feed.json",
        "favicon": "https://blog.example.com/favicon.ico",
        "language": "en",
    }
    assert item == {
        "id": f"urn:uuid:{post.guid}",
        "url": ADDRESS,
        "title": "Salt & <Vinegar>",
        "summary": "A *short* summary & more.",
        "date_published": "2026-05-12T08:00:00+00:00",
        "date_modified": "2026-05-14T09:00:00+00:00",
        "authors": [{"name": "Ada Penn", "url": "https://blog.example.com/authors/ada-penn/"}],
        "tags": ["R&D", "Tools"],
    }
    assert 'href="https://blog.example.com/posts/other/"' in html
    assert f'href="{ADDRESS}#s-below"' in html


def faults(path, response):
    """What is wrong with a feed by the rules of its format."""
    if path.endswith(".json"):
        return schemas.faults_of_json_feed(json.loads(response.content))
    return schemas.faults_of_xml("rss" if "rss" in path else "atom", response.content)


@pytest.mark.parametrize("path", [*FEEDS, "/categories/tools/feed/", "/authors/ada-penn/feed/rss/"])
def test_feed_is_what_its_format_demands(client, post, path):
    post.cover.save("cover.png", upload(picture()))
    Post.objects.update(language="pt-br", cover_alt="Salt & <b>vinegar</b>")
    PostFactory(author=None)
    PostFactory(
        title="<script>alert(1)</script> ]]> &amp;", author=post.author, summary="\u2028 <i>"
    )

    assert faults(path, client.get(path)) == []


@pytest.mark.parametrize(("path", "place"), [("/feed/", "id"), ("/feed/rss/", "guid")])
def test_check_of_the_format_sees_what_is_missing(client, post, path, place):
    response = client.get(path)
    response.content = re.sub(rf"<{place}.*?</{place}>", "", response.text).encode()

    assert faults(path, response) != []


@pytest.mark.parametrize("path", FEEDS)
def test_cover_travels_along_as_file_and_as_picture(client, post, path):
    post.cover.save("cover.png", upload(picture()))
    post.cover_alt = "A pot of salt"
    post.save()
    address = f"https://blog.example.com/media/{post.cover.name}"

    if path in XML:
        (entry,) = read(client, path).entries
        (shown,) = entry.media_content
        assert [(found.href, found.type) for found in entry.enclosures] == [(address, "image/webp")]
        assert (shown["url"], shown["medium"]) == (address, "image")
        assert (shown["width"], shown["height"]) == (str(post.cover_width), str(post.cover_height))
        assert "A pot of salt" in client.get(path).text
    else:
        (item,) = json.loads(client.get(path).content)["items"]
        assert item["image"] == address
        assert item["attachments"] == [{"url": address, "mime_type": "image/webp"}]


@pytest.mark.parametrize("path", FEEDS)
def test_post_in_another_language_says_so(client, path):
    PostFactory(slug="ours")
    PostFactory(slug="theirs", language="de")

    feed = client.get(path)

    if path in XML:
        mark = "<dc:language>de</dc:language>" if "rss" in path else '<entry xml:lang="de">'
        assert feed.text.count(mark) == 1
    else:
        languages = [item.get("language") for item in json.loads(feed.content)["items"]]
        assert languages == ["de", None]


@pytest.mark.parametrize("path", XML)
def test_feed_that_is_opened_in_a_browser_is_readable(client, post, path):
    response = client.get(path)
    feed = response.text
    sheet = '<?xml-stylesheet href="/static/blog/feed.css" media="all" type="text/css"?>'

    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert feed.splitlines()[1].startswith(sheet)
    assert "This is a feed." in feed
    assert f'<a href="https://blog.example.com{path}">' in feed


@pytest.mark.parametrize("path", XML)
def test_post_without_anything_but_a_title_is_a_sound_entry(client, path):
    post = PostFactory(author=None)

    (entry,) = read(client, path).entries

    assert (entry.title, entry.summary, entry.get("tags")) == (post.title, "", None)


@pytest.mark.parametrize("path", FEEDS)
def test_entry_keeps_its_identity_when_its_address_changes(client, post, path):
    before = client.get(path).text

    post.slug = "renamed"
    post.save()
    after = client.get(path).text

    assert "/posts/renamed/" in after
    assert before.count(f"urn:uuid:{post.guid}") == after.count(f"urn:uuid:{post.guid}") == 1


@pytest.mark.parametrize("path", XML)
def test_scheduled_post_is_dated_by_its_minute_not_by_its_last_edit(client, path):
    post = PostFactory(published_at=PUBLISHED)
    Post.objects.filter(pk=post.pk).update(updated_at=PUBLISHED - timedelta(days=3))

    (entry,) = read(client, path).entries

    assert entry.updated_parsed[:6] == PUBLISHED.timetuple()[:6]


@pytest.mark.parametrize("path", FEEDS)
def test_feed_that_was_read_is_not_sent_again(client, post, path):
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]


@pytest.mark.parametrize("path", FEEDS)
def test_empty_feed_is_sound_and_stays_the_same(client, path):
    first, second = client.get(path), client.get(path)

    assert first.content == second.content
    assert faults(path, first) == []
    if path in XML:
        assert read(client, path).entries == []
    else:
        assert json.loads(first.content)["items"] == []


@pytest.mark.parametrize("feed", ["feed/", "feed/rss/", "feed.json"])
def test_category_and_author_have_feeds_of_their_own(client, feed):
    tools, ada = CategoryFactory(name="Tools"), AuthorFactory(display_name="Ada Penn")
    PostFactory(title="By Ada", author=ada)
    PostFactory(title="About tools", categories=[tools])

    of_tools = client.get(f"/categories/tools/{feed}").text
    of_ada = client.get(f"/authors/ada-penn/{feed}").text

    assert ("About tools" in of_tools, "By Ada" in of_tools) == (True, False)
    assert ("About tools" in of_ada, "By Ada" in of_ada) == (False, True)
    assert f"https://blog.example.com/categories/tools/{feed}" in of_tools
    assert f"https://blog.example.com/authors/ada-penn/{feed}" in of_ada


@pytest.mark.parametrize("feed", ["feed/", "feed/rss/", "feed.json"])
def test_feed_of_nobody_is_not_found(client, feed):
    assert client.get(f"/categories/none/{feed}").status_code == 404
    assert client.get(f"/authors/none/{feed}").status_code == 404


@pytest.mark.parametrize("path", [*FEEDS, "/sitemap.xml", "/robots.txt", "/"])
def test_host_of_the_request_is_never_believed(client, post, path):
    plain = client.get(path)

    other = client.get(path, headers={"Host": "localhost", "X-Forwarded-Host": "evil.example"})

    assert other.content == plain.content
    assert b"https://blog.example.com" in plain.content


@pytest.mark.parametrize("path", ["/", "/posts/on-salt/", "/archive/", "/categories/"])
def test_every_page_names_the_feeds_of_the_site(client, path):
    PostFactory(slug="on-salt")

    page = client.get(path).text

    for kind, address in [
        ("atom+xml", "/feed/"),
        ("rss+xml", "/feed/rss/"),
        ("feed+json", "/feed.json"),
    ]:
        assert f'type="application/{kind}"' in page
        assert f'href="https://blog.example.com{address}"' in page


def test_category_and_author_pages_name_their_feeds_first(client):
    PostFactory(author=AuthorFactory(slug="ada"), categories=[CategoryFactory(slug="tools")])

    for start in ("/categories/tools/", "/authors/ada/"):
        page = client.get(start).text
        own = page.index(f'href="https://blog.example.com{start}feed/"')
        assert own < page.index('href="https://blog.example.com/feed/"')


@pytest.mark.parametrize(
    "path", [*FEEDS, *[f"/categories/tools{feed}" for feed in FEEDS], "/authors/ada/feed/"]
)
def test_feed_asks_the_database_as_often_for_three_posts_as_for_one(
    client, path, django_assert_max_num_queries
):
    tools, ada = CategoryFactory(slug="tools"), AuthorFactory(slug="ada")
    PostFactory(author=ada, categories=[tools])
    with django_assert_max_num_queries(5) as one:
        client.get(path)

    PostFactory.create_batch(2, author=AuthorFactory(), categories=[tools, CategoryFactory()])
    PostFactory.create_batch(2, author=ada, categories=[tools])
    with django_assert_max_num_queries(5) as more:
        client.get(path)

    assert len(more) == len(one)


@pytest.mark.parametrize("path", XML)
def test_character_that_xml_cannot_hold_breaks_no_feed(client, post, path):
    Post.objects.update(title="Bell\x07 and feed", html="<p>Form\x0cfeed\n</p>")

    (entry,) = read(client, path).entries

    assert entry.title == "Bell and feed"
    assert entry.content[0].value == "<p>Formfeed\n</p>"
