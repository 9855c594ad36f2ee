"""The pictures that stand for pages without one."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from blog import cards
from blog.cards import Card
from blog.models import Post
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, SiteFactory


@pytest.fixture
def drawn(monkeypatch):
    """The cards that were drawn, one after the other."""
    seen = []
    draw = cards.draw
    monkeypatch.setattr(cards, "draw", lambda card: seen.append(card) or draw(card))
    return seen


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path)


def picture(content):
    return Image.open(BytesIO(content)).convert("RGB")


def ink(content):
    """How many pixels of the card are as dark as its title."""
    dark = picture(content).convert("L").point(lambda value: 255 if value < 90 else 0)
    title = dark.crop((60, 0, 1200, 630))
    return title.histogram()[255]


def kept(folder):
    return sorted(path.name.partition("-")[0] for path in Path(folder).rglob("*.png"))


def test_card_has_the_size_that_everybody_asks_for():
    image = picture(cards.draw(Card("The Example", "A title", "Ada Penn")))

    assert image.size == (1200, 630)


@pytest.mark.parametrize(
    "title", ["日本語のタイトル", "مرحبا بالعالم", "ไทย", "Hello 世界", "नमस्ते", "עברית"]
)
def test_title_in_a_script_that_cannot_be_drawn_is_left_out(title):
    assert cards.draw(Card("The Example", title)) == cards.draw(Card("The Example"))


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Tïtle – “quoted”…", "Tïtle – “quoted”…"),
        ("Привет, мир", "Привет, мир"),
        ("Ελληνικά", "Ελληνικά"),
        ("Tiếng Việt", "Tiếng Việt"),
        ("Party 🎉 time ❤️", "Party time"),
        ("👩‍👩‍👧", ""),
        ("日本語", ""),
    ],
)
def test_words_that_can_be_drawn(title, words):
    assert cards.writable(title) == words


@pytest.mark.parametrize("title", [200 * "W", " ".join(100 * ["W"]), 12 * "Donaudampfschiff ", "i"])
def test_title_of_any_length_stays_within_the_card(title):
    image = picture(cards.draw(Card("The Example", title[:200], 120 * "W")))

    margin = image.crop((1128, 0, 1200, 630))
    assert len(margin.getcolors()) == 1


def test_card_without_any_words_is_a_card():
    assert picture(cards.draw(Card("日本", "語", "山田"))).size == (1200, 630)


def test_card_is_drawn_once(drawn, tmp_path):
    card = Card("The Example", "A title")

    first, second = (cards.stored(card, tmp_path, "post", 7) for _ in range(2))

    assert (first == second, drawn) == (True, [card])


def test_card_is_drawn_once_however_many_ask_at_the_same_time(drawn, tmp_path):
    card = Card("The Example", "A title")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: cards.stored(card, tmp_path, "post", 7), range(16)))

    assert (len(set(answers)), drawn) == (1, [card])


def test_card_takes_the_place_of_the_one_before(drawn, tmp_path):
    cards.stored(Card("The Example", "Before"), tmp_path, "post", 7)
    cards.stored(Card("The Example", "Other"), tmp_path, "post", 77)

    after = cards.stored(Card("The Example", "After"), tmp_path, "post", 7)

    assert after == cards.draw(Card("The Example", "After"))
    assert kept(tmp_path) == ["7", "77"]


def test_card_that_cannot_be_kept_is_shown(tmp_path, caplog):
    (tmp_path / "cards").write_text("a file where the folder should be")

    assert picture(cards.stored(Card("A", "B"), tmp_path / "cards", "post", 7)).size == (1200, 630)
    assert "A share card could not be kept" in caplog.text


@pytest.fixture
def rows(db):
    SiteFactory(name="The Example", tagline="Words & deeds")
    author, category = AuthorFactory(slug="ada"), CategoryFactory(slug="tools")
    return PostFactory(slug="on-salt", title="On salt", author=author, categories=[category])


PATHS = [
    "/card.png",
    "/posts/on-salt/card.png",
    "/categories/tools/card.png",
    "/authors/ada/card.png",
]


@pytest.mark.parametrize("path", PATHS)
def test_card_is_a_picture_that_others_may_show_and_keep_for_an_hour(client, rows, path):
    response = client.get(path)

    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in response
    assert ink(response.content) > 1000
    again = client.get(path, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", PATHS)
def test_card_takes_two_questions_to_the_database(
    client, rows, path, django_assert_max_num_queries
):
    with django_assert_max_num_queries(2):
        client.get(path)


@pytest.mark.parametrize("path", PATHS)
def test_card_can_only_be_read(client, rows, path):
    assert client.post(path).status_code == 405


def test_card_follows_a_corrected_title(client, rows, drawn):
    before = client.get("/posts/on-salt/card.png")

    Post.objects.update(title="On pepper")
    after = client.get("/posts/on-salt/card.png", headers={"If-None-Match": before["ETag"]})

    assert (after.status_code, after.content != before.content) == (200, True)
    assert [card.title for card in drawn] == ["On salt", "On pepper"]


def test_card_moves_with_its_post(client, rows):
    rows.slug = "on-pepper"
    rows.save()

    moved = client.get("/posts/on-salt/card.png")

    assert (moved.status_code, moved["Location"]) == (301, "/posts/on-pepper/card.png")


@pytest.mark.parametrize(
    "path", ["/posts/none/card.png", "/authors/none/card.png", "/categories/none/card.png"]
)
def test_card_of_nobody_is_not_found(client, rows, drawn, path):
    assert client.get(path).status_code == 404
    assert drawn == []
