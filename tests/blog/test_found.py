"""What a page says of itself to search engines, and to those who share it."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from blog.models import Post
from blog.text import clean_line
from tests.blog.pictures import picture, upload
from tests.blog.xss_corpus import PAYLOADS
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, SiteFactory

pytestmark = pytest.mark.django_db

HOST = "https://blog.example.com"


@pytest.fixture
def post():
    SiteFactory(name="The Example", tagline="Words & deeds")
    return PostFactory(
        title="On salt",
        slug="on-salt",
        summary="All of it.",
        body="Two words.",
        author=AuthorFactory(
            display_name="Ada Penn", slug="ada", bio="Ada writes.", website="https://ada.example/"
        ),
        categories=[CategoryFactory(name="Tools", slug="tools", description="Of tools.")],
        published_at=datetime(2026, 5, 12, 8, tzinfo=UTC),
    )


def metas(page):
    """The page's meta elements, by name or property."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    return {name: unescape(content) for name, content in found}


def things(page):
    """What JSON-LD the page has, by type."""
    (found,) = re.findall(r'<script type="application/ld\+json">(.+?)</script>', page)
    data = json.loads(found)
    assert data["@context"] == "https://schema.org"
    return {thing["@type"]: thing for thing in data["@graph"]}


def trail(page):
    steps = things(page)["BreadcrumbList"]["itemListElement"]
    assert [step["position"] for step in steps] == list(range(1, len(steps) + 1))
    return [(step["name"], step["item"]) for step in steps]


@pytest.mark.parametrize(
    ("path", "title", "card"),
    [
        ("/", "The Example", "/card.png"),
        ("/posts/on-salt/", "On salt", "/posts/on-salt/card.png"),
        ("/categories/", "Categories", "/card.png"),
        ("/categories/tools/", "Tools", "/categories/tools/card.png"),
        ("/authors/ada/", "Ada Penn", "/authors/ada/card.png"),
        ("/archive/", "Archive", "/card.png"),
        ("/archive/2026/", "2026", "/card.png"),
        ("/archive/2026/5/", "May 2026", "/card.png"),
        ("/newsletter/", "Newsletter", "/card.png"),
    ],
)
def test_every_page_can_be_shared_with_a_picture(client, post, path, title, card):
    page = client.get(path).text
    found = metas(page)

    assert found["og:title"] == title
    assert found["og:url"] == HOST + path
    assert found["og:image"] == HOST + card
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"] == title
    assert found["og:site_name"] == "The Example"
    assert found["twitter:card"] == "summary_large_image"
    assert f'<link rel="canonical" href="{HOST}{path}">' in page
    assert client.get(card)["Content-Type"] == "image/png"


def test_cover_is_shared_where_there_is_one(client, post):
    post.cover.save("cover.png", upload(picture(40, 20)))
    post.cover_alt = "A pot of salt"
    post.save()

    page = client.get("/posts/on-salt/").text
    found = metas(page)

    assert found["og:image"] == f"{HOST}{post.cover.url}"
    assert (found["og:image:width"], found["og:image:height"]) == ("40", "20")
    assert found["og:image:alt"] == "A pot of salt"
    assert things(page)["BlogPosting"]["image"] == f"{HOST}{post.cover.url}"
    assert "card.png" not in page


def test_post_is_a_posting(client, post):
    Post.objects.update(updated_at=datetime(2026, 5, 14, 9, tzinfo=UTC), language="de")

    posting = things(client.get("/posts/on-salt/").text)["BlogPosting"]

    author = posting.pop("author")
    assert (author["name"], author["url"]) == ("Ada Penn", f"{HOST}/authors/ada/")
    assert posting == {
        "@type": "BlogPosting",
        "headline": "On salt",
        "description": "All of it.",
        "url": f"{HOST}/posts/on-salt/",
        "mainEntityOfPage": f"{HOST}/posts/on-salt/",
        "datePublished": "2026-05-12T08:00:00+00:00",
        "dateModified": "2026-05-14T09:00:00+00:00",
        "inLanguage": "de",
        "wordCount": 2,
        "articleSection": ["Tools"],
        "image": f"{HOST}/posts/on-salt/card.png",
        "publisher": {"@type": "Organization", "name": "The Example", "url": f"{HOST}/"},
    }


def test_home_says_how_the_site_is_searched(client, post):
    site = things(client.get("/").text)["WebSite"]

    assert (site["name"], site["description"]) == ("The Example", "Words & deeds")
    assert site["potentialAction"] == {
        "@type": "SearchAction",
        "target": {
            "@type": "EntryPoint",
            "urlTemplate": f"{HOST}/search/?q={{search_term_string}}",
        },
        "query-input": "required name=search_term_string",
    }


def test_author_is_a_person_who_is_also_elsewhere(client, post):
    person = things(client.get("/authors/ada/").text)["Person"]

    assert person == {
        "@type": "Person",
        "name": "Ada Penn",
        "url": f"{HOST}/authors/ada/",
        "description": "Ada writes.",
        "sameAs": ["https://ada.example/"],
    }


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("/posts/on-salt/", [("Tools", "/categories/tools/"), ("On salt", "/posts/on-salt/")]),
        ("/categories/tools/", [("Categories", "/categories/"), ("Tools", "/categories/tools/")]),
        ("/authors/ada/", [("Ada Penn", "/authors/ada/")]),
    ],
)
def test_page_says_where_it_stands(client, post, path, steps):
    assert trail(client.get(path).text) == [
        ("The Example", f"{HOST}/"),
        *[(name, HOST + place) for name, place in steps],
    ]


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_hostile_words_are_inert_wherever_machines_read(client, payload):
    line = clean_line(payload)
    SiteFactory(name=line[:80], tagline=line[:160])
    author = AuthorFactory(display_name=line[:120], bio=payload, slug="ada")
    category = CategoryFactory(name=line[:80], description=payload, slug="tools")
    PostFactory(
        slug="first", title=line[:200], summary=line[:600], author=author, categories=[category]
    )

    for path in ("/", "/posts/first/", "/categories/tools/", "/authors/ada/"):
        page = client.get(path).text
        head = page[: page.index("</head>")]
        (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', head)
        assert json.loads(data)["@graph"]
        assert not {*"<>&"} & {*data}
        assert set(re.findall(r"<([a-zA-Z!/]+)", head)) <= {
            *("!doctype", "html", "head", "meta", "title", "/title", "link", "script", "/script")
        }


def robots(page):
    return metas(page).get("robots")


@pytest.mark.parametrize(
    "path", ["/", "/categories/tools/", "/authors/ada/", "/archive/", "/newsletter/"]
)
def test_first_page_of_a_list_is_for_search_engines(client, post, path):
    assert robots(client.get(path).text) is None


@pytest.mark.parametrize("path", ["/", "/categories/tools/", "/authors/ada/", "/archive/"])
def test_later_pages_of_a_list_are_not(client, post, path, monkeypatch):
    monkeypatch.setattr("blog.views.LEDGER_LINES", 2)
    PostFactory.create_batch(23, author=post.author, categories=post.categories.all())

    first, second, third = (client.get(f"{path}?page={number}").text for number in (1, 2, 3))

    assert (robots(first), robots(second), robots(third)) == (None, *2 * ["noindex, follow"])
    assert f'<link rel="next" href="{HOST}{path}?page=2">' in first
    assert '<link rel="prev"' not in first
    assert f'<link rel="prev" href="{HOST}{path}">' in second
    assert f'<link rel="next" href="{HOST}{path}?page=3">' in second
    assert f'<link rel="prev" href="{HOST}{path}?page=2">' in third


@pytest.mark.parametrize("path", ["/categories/", "/categories/tools/", "/archive/"])
def test_empty_page_is_not_for_search_engines(client, path):
    if "tools" in path:
        CategoryFactory(slug="tools")

    assert robots(client.get(path).text) == "noindex, follow"


def test_category_of_scheduled_posts_only_is_empty(client):
    tools = CategoryFactory(slug="tools")
    PostFactory(categories=[tools], published_at=timezone.now() + timedelta(days=1))

    assert robots(client.get("/categories/tools/").text) == "noindex, follow"
