"""The pictures that stand for pages without one."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from blog import cards, typefaces
from blog.cards import Card
from blog.models import Post
from blog.typefaces import BOLD
from config.checks import check_fonts
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, SiteFactory

FONTS = Path(__file__).parents[1] / "data/fonts"
with_fontconfig = pytest.mark.skipif(
    not shutil.which("fc-match"), reason="asks fontconfig for a font"
)


@pytest.fixture
def no_fonts(monkeypatch):
    """A host that has none."""
    monkeypatch.setattr(typefaces, "of_host", lambda *asked: None)


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """A host that has one for Chinese and Japanese and one for Hebrew, and no other."""
    settings = tmp_path / "fonts.conf"
    places = f"<dir>{FONTS}</dir><cachedir>{tmp_path}</cachedir>"
    settings.write_text(f"<fontconfig>{places}</fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(settings))


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
@pytest.mark.usefixtures("no_fonts")
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
@pytest.mark.usefixtures("no_fonts")
def test_words_that_can_be_drawn(title, words):
    assert typefaces.writing(title, BOLD).words == words


@with_fontconfig
@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize("title", ["春天的花园", "日本語", "Hello 世界", "שלום עולם"])
def test_font_of_the_host_draws_what_literata_lacks(title):
    written = typefaces.writing(f"{title} 🎉", BOLD, "zh-Hans")

    assert written.words == title
    assert Path(written.face.file).parent == FONTS
    assert ink(cards.draw(Card("", title))) > 1000
    assert ink(cards.draw(Card(""))) == 0


@with_fontconfig
@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize("title", ["ไทย", "春天 ไทย"])
def test_title_that_the_fonts_of_the_host_lack_too_is_left_out(title):
    assert typefaces.writing(title, BOLD).words == ""
    assert cards.draw(Card("The Example", title)) == cards.draw(Card("The Example"))


@pytest.mark.usefixtures("no_fonts")
@pytest.mark.parametrize(
    ("language", "warned"), [("en", []), ("de", []), ("el", []), ("zh-hans", ["pennypost.W009"])]
)
def test_site_whose_cards_cannot_be_drawn_is_told_so(settings, language, warned):
    settings.SITE_LANGUAGE = language

    found = check_fonts(None)

    assert [message.id for message in found] == warned
    assert all("简体中文" in message.msg for message in found)


@with_fontconfig
@pytest.mark.usefixtures("fonts")
def test_literata_draws_what_it_can():
    assert typefaces.writing("Hello", BOLD).face == typefaces.LITERATA[BOLD]


@pytest.mark.parametrize(
    "program", ["echo nonsense", "printf '0\\t/nowhere.ttf'", "printf 'x\\t'", "exit 1"]
)
def test_fontconfig_that_fails_leaves_the_title_out(program, tmp_path, monkeypatch):
    (tmp_path / "fc-match").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "fc-match").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert typefaces.writing("日本語", BOLD, "ja").words == ""


@with_fontconfig
@pytest.mark.usefixtures("fonts")
def test_card_of_a_title_from_the_right_is_mirrored():
    image = picture(cards.draw(Card("The Example", "שלום", "Ada Penn", "#8f3018", "he")))

    left, right = (image.crop((x, 0, x + 24, 630)).getcolors() for x in (0, 1176))
    assert [colour for _, colour in left] == [image.getpixel((30, 5))]
    assert [colour for _, colour in right] != [colour for _, colour in left]
    words = image.crop((24, 0, 600, 630)).getcolors()
    assert len(words) == 1


@with_fontconfig
@pytest.mark.usefixtures("fonts")
def test_han_title_fills_its_lines_and_stays_within_the_card():
    image = picture(cards.draw(Card("便士邮报", 30 * "春天的花园")))

    assert len(image.crop((1128, 0, 1200, 630)).getcolors()) == 1
    assert len(image.crop((1040, 0, 1104, 630)).getcolors()) > 1


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("On salt, too", ["On", " salt,", " too"]),
        ("世界，你好。", ["世", "界，", "你", "好。"]),
        ("「世」と「界」", ["「世」", "と", "「界」"]),
        ("Hello 世界, a.b", ["Hello", " 世", "界,", " a.b"]),
        ("한국어 제목", ["한국어", " 제목"]),
        ("。（", ["。", "（"]),
    ],
)
def test_lines_end_where_the_script_allows(text, pieces):
    assert cards._pieces(text) == pieces


@pytest.mark.parametrize("title", [200 * "W", " ".join(100 * ["W"]), 12 * "Donaudampfschiff ", "i"])
def test_title_of_any_length_stays_within_the_card(title):
    image = picture(cards.draw(Card("The Example", title[:200], 120 * "W")))

    margin = image.crop((1128, 0, 1200, 630))
    assert len(margin.getcolors()) == 1


@pytest.mark.usefixtures("no_fonts")
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
