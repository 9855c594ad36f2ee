"""What readers find, and what the search page says."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import urlencode

from blog.models import Category, Post
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, TermsFactory

pytestmark = pytest.mark.django_db


def look(client, question, **filters):
    response = client.get(f"/search/?{urlencode({'q': question, **filters})}")
    assert response.status_code == 200
    return response


def titles(response):
    """Of the posts that were found, in their order."""
    found = re.findall(r'<h2 dir="auto"><a href="[^"]+">(.+?)</a></h2>', response.text)
    return [unescape(re.sub(r"<[^>]+>", "", title)) for title in found]


def found(client, question, **filters):
    return titles(look(client, question, **filters))


def marked(response):
    return re.findall("<mark>(.+?)</mark>", response.text)


def words(response):
    """What is read aloud of the page's own part."""
    main = response.text.partition('<main id="main">')[2].partition("</main>")[0]
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))


@pytest.fixture
def loaf():
    PostFactory(title="Another one", body="About something else.")
    return PostFactory(
        title="On sourdough",
        summary="A starter that rests.",
        body="Flour and **water**, and a slow oven.",
        author=AuthorFactory(display_name="Mara Lind"),
        categories=[CategoryFactory(name="Slow food"), CategoryFactory(name="Notes")],
    )


@pytest.mark.parametrize(
    "question",
    [
        "sourdough",
        "SOURDOUGH",
        "rested",
        "waters",
        "food",
        "lind",
        "mara oven",
        "food water starter",
        '"slow oven"',
        "“slow food”",
        "sourd",
        "water sourd",
        "oven -microwave",
        "  oven,  ",
    ],
)
def test_post_is_found_by_title_summary_text_category_and_author(client, loaf, question):
    assert found(client, question) == ["On sourdough"]


@pytest.mark.parametrize(
    "question",
    [
        "butter",
        '"oven slow"',
        "oven -water",
        "oven -food",
        'oven -"slow food"',
        "sourd water",
        "ven",
    ],
)
def test_post_is_not_found_by_what_it_does_not_say(client, loaf, question):
    assert found(client, question) == []


def test_title_counts_more_than_summary_and_summary_more_than_text(client):
    day = timezone.now() - timedelta(days=1)
    PostFactory(title="One", body="A lantern. " + "Other words. " * 30, published_at=day)
    PostFactory(title="Two", summary="A lantern.", body="Other words. " * 30, published_at=day)
    PostFactory(title="Lantern", body="Other words. " * 30, published_at=day - timedelta(days=9))

    assert found(client, "lantern") == ["Lantern", "Two", "One"]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Ein Café in Zürich", "cafe zurich"),
        ("Ein cafe", "CAFÉ"),
        ("Straße", "strasse"),
        ("We wrote it in C++", "c++"),
        ("Ѐлка и ёлка", "елка"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("The reader’s self-hosted blog", "readers self hosted"),
        ("हिन्दी में", "हिन्दी"),
        ("東京都に行きました", "京都"),
        ("東京都に行きました", "東京都に"),
        ("我喜欢面包", "面包"),
        ("我喜欢面包", "包"),
        ("猫が好き", "猫"),
        ("コンピューター", "ピュータ"),
        ("한국어를 배웁니다", "한국어"),
        ("ภาษาไทยง่าย", "ไทย"),
    ],
)
def test_words_of_any_script_are_found(client, text, question):
    PostFactory(title="Other", body="Nothing of it: 東西 大京 パン C")
    PostFactory(title="Wanted", body=text)

    assert found(client, question) == ["Wanted"]


def test_post_is_stemmed_by_its_own_language(client):
    PostFactory(title="Deutsch", body="Die Häuser am Hafen", language="de")
    PostFactory(title="French", body="Les journaux nationaux", language="fr")
    PostFactory(title="English", body="Of running and houses")

    assert found(client, "hauses") == ["Deutsch"]
    assert found(client, "Haus") == ["Deutsch"]
    assert found(client, "national journal") == ["French"]
    assert found(client, "run house") == ["English"]


def test_beginning_of_a_word_is_found_beyond_its_stem(client):
    PostFactory(title="Electricity", body="Of electricity.")

    assert found(client, "elec") == found(client, "electri") == ["Electricity"]
    assert found(client, "electrici") == ["Electricity"]


def test_word_that_a_page_of_posts_has_is_not_taken_for_a_beginning(client):
    tools = CategoryFactory(name="Tools")
    cars = [f"Car {number}" for number in range(9)]
    for title in cars:
        PostFactory(title=title, categories=[])
    PostFactory(title="Care of a car", categories=[tools])
    PostFactory(title="Carpets", categories=[tools])

    everything, within = look(client, "car"), look(client, "car", category="tools")

    assert sorted(titles(everything)) == [*cars, "Care of a car"]
    assert "Category" not in words(everything)
    assert (titles(within), marked(within)) == (["Care of a car"], ["car"])


def test_word_that_few_posts_have_is_a_beginning_too(client):
    tools = CategoryFactory(name="Tools")
    PostFactory(title="Photo", categories=[])
    PostFactory(title="Photography", categories=[tools])

    assert sorted(found(client, "photo")) == ["Photo", "Photography"]
    assert found(client, "photo", category="tools") == ["Photography"]
    assert found(client, "photo oven") == found(client, '"photo"', category="tools") == []


def test_beginning_of_more_words_than_are_asked_for_one_by_one_is_found(client, monkeypatch):
    monkeypatch.setattr("blog.search.finding.MOST_COMPLETIONS", 1)
    PostFactory(title="Electricity", body="Of electricity, electrons and election.")

    assert found(client, "elec") == found(client, "electri") == ["Electricity"]


def test_number_is_found_by_its_beginning(client):
    PostFactory(title="Of 1984", body="")

    assert found(client, "198") == ["Of 1984"]


def test_place_is_never_taken_for_a_word(client, loaf):
    category = loaf.categories.first()

    for question in (f"c{category.pk}", f"§c{category.pk}", f"=c{category.pk}"):
        assert found(client, question) == []


def test_phrase_in_a_title_counts_more_than_in_a_text(client):
    day = timezone.now() - timedelta(days=1)
    PostFactory(title="One", body="A slow oven. " + "Other words. " * 30, published_at=day)
    PostFactory(title="A slow oven", published_at=day - timedelta(days=9))
    PostFactory(title="Oven, slow", published_at=day)

    assert found(client, '"slow oven"') == ["A slow oven", "One"]


def test_matches_are_marked_in_title_and_passage(client):
    PostFactory(title="Baking bread", body="Long before. " * 40 + "We **baked** it at dawn.")

    page = look(client, "bake")

    assert marked(page) == ["Baking", "baked"]
    assert "… " in page.text
    assert "it at dawn." in page.text


def test_phrase_in_a_script_without_spaces_is_marked(client):
    PostFactory(title="一", body="昨日、東京都に行きました。")

    assert marked(look(client, "京都")) == ["京都"]


def test_passage_is_the_one_with_most_of_the_words(client):
    body = "\n\n".join(["A harbour. " * 3, "Nothing here. " * 40, "A harbour with a lantern."])
    PostFactory(body=body)

    assert marked(look(client, "harbour lantern")) == ["harbour", "lantern"]


def test_what_was_typed_and_what_was_found_are_escaped(client):
    PostFactory(title="<b>Bold</b> & brave", body="Say `<script>alert(1)</script>` aloud.")

    page = look(client, "script <img src=x onerror=alert(1)>")
    other = look(client, "alert bold")

    assert "<img src" not in page.text
    assert "<b>" not in other.text
    assert "&lt;<mark>b</mark>&gt;" not in other.text
    assert "&lt;b&gt;<mark>Bold</mark>&lt;/b&gt; &amp; brave" in other.text
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt;" in other.text


def test_results_are_narrowed_by_category_author_and_year(client):
    ada, ben = AuthorFactory(display_name="Ada"), AuthorFactory(display_name="Ben")
    tools, rest = CategoryFactory(name="Tools"), CategoryFactory(name="Rest")
    for title, author, categories, year in [
        ("A", ada, [tools], 2024),
        ("B", ben, [tools, rest], 2024),
        ("C", ben, [rest], 2025),
    ]:
        at = datetime(year, 12, 31, 23, 30, tzinfo=UTC)
        PostFactory(title=f"Word {title}", author=author, categories=categories, published_at=at)

    page = look(client, "word")

    assert "Category Rest 2 Tools 2 Author Ben 2 Ada 1 Year 2025 1 2024 2" in words(page)
    assert 'href="?q=word&amp;category=tools"' in page.text
    assert sorted(found(client, "word", category="tools")) == ["Word A", "Word B"]
    assert found(client, "word", author="ada") == ["Word A"]
    assert found(client, "word", year=2025) == ["Word C"]
    assert found(client, "word", category="rest", author="ben", year=2024) == ["Word B"]
    narrowed = look(client, "word", category="tools", author="ben")
    assert 'href="?q=word&amp;author=ben"' in narrowed.text
    assert found(client, "word", category="tools", author="ada", year=2025) == []
    empty = look(client, "word", category="tools", year=2025)
    assert "Nothing was found for “word” here. Look for it in all posts" in words(empty)


@pytest.mark.parametrize(
    "parameters",
    [
        "category=never-was",
        "author=never-was",
        "author=hidden",
        "year=20x5",
        "year=0000",
        "year=9999",
        "year=٢٠٢٥",
        "page=0",
        "page=2",
        "page=abc",
        "page=" + "9" * 5000,
    ],
)
def test_filter_or_page_that_does_not_exist_is_not_found(client, loaf, parameters):
    PostFactory(status="draft", published_at=None, author=AuthorFactory(slug="hidden"))

    assert client.get(f"/search/?q=oven&{parameters}").status_code == 404


def test_results_have_pages_with_addresses_that_stay(client):
    for number in range(23):
        PostFactory(title=f"Pebble {number}", body="A pebble.")

    pages = [look(client, "pebble", page=number) for number in (1, 2, 3)]

    assert [len(titles(page)) for page in pages] == [10, 10, 3]
    assert len({title for page in pages for title in titles(page)}) == 23
    assert 'rel="next" href="?q=pebble&amp;page=2"' in pages[0].text
    assert 'rel="prev" href="?q=pebble"' in pages[1].text
    assert "23 posts" in words(pages[0])


def test_of_more_matches_than_are_ranked_the_newest_are_and_the_page_says_so(client, monkeypatch):
    monkeypatch.setattr("blog.search.finding.MOST_RANKED", 2)
    now = timezone.now()
    for days, title in enumerate(["Third pebble", "Pebble", "The newest"]):
        PostFactory(title=title, body="A pebble.", published_at=now - timedelta(days=9 - days))

    page = look(client, "pebble")

    assert titles(page) == ["Pebble", "The newest"]
    assert "More than 2 posts. These are the newest 2, the best first." in words(page)


def test_of_more_matches_than_are_ranked_those_in_titles_come_first(client, monkeypatch):
    monkeypatch.setattr("blog.search.finding.MOST_RANKED", 3)
    now = timezone.now()
    for days, fields in enumerate(
        [
            {"title": "Text", "body": "A slow oven."},
            {"title": "Summary", "body": "", "summary": "A slow oven."},
            {"title": "A slow oven", "body": ""},
            {"title": "The oldest", "body": "", "summary": "A slow oven."},
        ]
    ):
        PostFactory(**fields, published_at=now - timedelta(days=days))

    for question in ("oven", "slow oven", '"slow oven"', "oven -microwave"):
        page = look(client, question)
        assert titles(page) == ["A slow oven", "Summary", "Text"]
        assert "More than 3 posts." in words(page)


def test_nothing_typed_shows_where_to_begin(client, loaf):
    page = client.get("/search/")

    assert titles(page) == []
    assert "Or begin with a category: Notes , Slow food" in words(page)
    assert words(client.get("/search/?q=%20%00")) == words(page)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("a", "That is too little to go by."),
        ("a b -oven", "That is too little to go by."),
        ('" * ', "That is too little to go by."),
        ("-oven", "That says what must not be there."),
        ("zebra", "Nothing was found for “zebra”. Try fewer words"),
    ],
)
def test_page_says_why_it_is_empty_and_what_to_do(client, loaf, question, answer):
    assert answer in words(look(client, question))


@pytest.mark.parametrize(
    "question", ["sourdouhg", "suordough", "sourdogh", "sourdoughh", "Sourbough"]
)
def test_slip_of_a_letter_is_put_right(client, loaf, question):
    page = look(client, f"{question} oven")

    assert "Did you mean sourdough oven ?" in words(page)
    assert 'href="?q=sourdough+oven"' in page.text


@pytest.mark.parametrize("how", ["draft", "scheduled"])
def test_word_of_a_hidden_post_is_never_what_was_meant(client, how):
    at = {"draft": None, "scheduled": timezone.now() + timedelta(hours=1)}[how]
    status = {"draft": "draft", "scheduled": "published"}[how]
    post = PostFactory(title="Zanzibarian", status=status, published_at=at)
    assert "Did you mean" not in look(client, "zanzibarien").text

    post.publish(timezone.now())

    assert "Did you mean zanzibarian ?" in words(look(client, "zanzibarien"))


HOSTILE = [
    '"',
    '"""',
    "'",
    "\\",
    "\\'",
    "''''",
    "*",
    ":*",
    "a:*",
    "AND",
    "OR NOT",
    "NEAR(a b)",
    "title : oven",
    "{title} : oven",
    "^oven",
    "oven +",
    "oven & | ! <-> ( )",
    "<->",
    ")(",
    "-",
    "--oven",
    '-"',
    "- oven",
    '-"slow oven',
    "oven\x00",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "%",
    "_",
    "ov%",
    "\u202eoven",
    "🎉",
    "🎉 oven",
    "ﷺ" * 300,
    "e\u0301" * 3000,
    "\u0301" * 3000,
    "x" * 5000,
    "x " * 2500,
    '"x' * 1500,
    "-x " * 1500,
    "東" * 5000,
    "oven " + " ".join(f"word{number}" for number in range(500)),
]


@pytest.mark.parametrize("question", HOSTILE)
def test_no_question_is_an_error(client, loaf, question):
    for more in ({}, {"category": "notes"}, {"category": "\x00", "author": "", "year": " "}):
        look(client, question, **more)


def test_page_is_the_same_for_everyone_and_no_search_engine_lists_it(client, loaf):
    page = look(client, "oven")

    again = Client(headers={"Cookie": "sessionid=x", "Accept-Language": "de"})
    assert look(again, "oven").content == page.content
    assert '<meta name="robots" content="noindex">' in page.text
    assert page.headers["Cache-Control"] == "public, no-cache"
    assert "Set-Cookie" not in page.headers
    assert client.post("/search/", {"q": "oven"}).status_code == 405
    assert Client(enforce_csrf_checks=True).post("/search/").status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_the_database_as_often_for_many_as_for_one(
    client, count, django_assert_max_num_queries
):
    TermsFactory()
    for _ in range(count):
        PostFactory(
            title="Pebble",
            author=AuthorFactory(),
            categories=[CategoryFactory(), CategoryFactory()],
        )

    with django_assert_max_num_queries(QUERIES):
        look(client, "pebble")


# Where a word is also taken for a beginning, posts are looked for twice, which on PostgreSQL takes
# a transaction each time.
QUERIES = 20


def test_categories_and_authors_are_found_by_the_name_that_they_have_now(client, loaf):
    Category.objects.filter(name="Slow food").update(name="Kitchen")
    loaf.author.display_name = "Mara Berg"
    loaf.author.save()

    assert found(client, "kitchen") == found(client, "berg") == ["On sourdough"]
    assert found(client, "lind") == []
    assert found(client, '"slow food"') == []
    assert Post.objects.count() == 2
