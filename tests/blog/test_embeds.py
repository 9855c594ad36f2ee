"""Films that live elsewhere."""

import re

import pytest

from blog import markdown
from blog.markdown.embeds import player, player_origins
from tests.factories import PostFactory

FILM = "https://youtu.be/dQw4w9WgXcQ"
TUBE = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"
UUID = "9db9f3f1-9b54-44ed-9e91-461d262d2205"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (FILM, TUBE),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=x&t=3", TUBE),
        ("https://m.YouTube.com/shorts/dQw4w9WgXcQ", TUBE),
        ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", TUBE),
        ("https://vimeo.com/76979871", "https://player.vimeo.com/video/76979871?dnt=1&autoplay=1"),
        (
            "https://vimeo.com/76979871/abcdef1234",
            "https://player.vimeo.com/video/76979871?h=abcdef1234&dnt=1&autoplay=1",
        ),
        (
            f"https://tube.example.org/videos/watch/{UUID}",
            f"https://tube.example.org/videos/embed/{UUID}?autoplay=1&p2p=0",
        ),
        (
            "https://tube.example.org/w/kkGMgK9ZtnKfYAgnEtQxbv",
            "https://tube.example.org/videos/embed/kkGMgK9ZtnKfYAgnEtQxbv?autoplay=1&p2p=0",
        ),
    ],
)
def test_film_is_known_by_its_address(address, expected):
    assert player(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "http://youtu.be/dQw4w9WgXcQ",
        "https://youtu.be:8443/dQw4w9WgXcQ",
        "https://user@youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ/more",
        "https://youtu.be/dQw4w9Wg%22X",
        "https://youtu.be/dQw4w9WgXcQx",
        "https://youtube.com/watch?v=short",
        "https://youtube.com/@somebody",
        "https://youtube.com.example.org/watch?v=dQw4w9WgXcQ",
        "https://vimeo.com/channels/one",
        "https://vimeo.com/٣٤٥",
        f"https://127.0.0.1/w/{UUID}",
        f"https://localhost/w/{UUID}",
        f"https://[::1]/w/{UUID}",
        f"https://tube.example.org;script-src/w/{UUID}",
        "https://[broken/watch?v=dQw4w9WgXcQ",
        "javascript:alert(1)",
        "",
    ],
)
def test_any_other_address_is_none(address):
    assert player(address) == ""


@pytest.mark.parametrize(("text", "title"), [(FILM, FILM), (f"[A *film*]({FILM})", None)])
def test_link_alone_in_a_paragraph_becomes_a_box(text, title):
    html = markdown.render(text).html

    is_box = html.startswith(f'<p class="embed"><a href="{FILM}" data-player="{TUBE}" rel=')
    assert is_box == (title is not None)


def test_title_of_the_link_is_the_title_of_the_film():
    html = markdown.render(f"[A film]({FILM})").html

    assert html == (
        f'<p class="embed"><a href="{FILM}" data-player="{TUBE}" rel="noopener">A film</a></p>\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        f"See {FILM}",
        f"{FILM}\n{FILM}",
        f"- {FILM}",
        f"> {FILM}",
        f"## {FILM}",
        f"`{FILM}`",
        "https://example.org/",
        f'<p class="embed"><a href="https://evil.example.org/" data-player="{TUBE}">x</a></p>',
        f'<a href="{FILM}" data-player="https://evil.example.org/x">x</a>',
        '<iframe src="https://evil.example.org/x"></iframe>',
    ],
)
def test_nothing_else_has_a_player(text):
    assert "data-player" not in markdown.render(text).html


@pytest.mark.parametrize(
    "text",
    [
        '<a data-player="https://evil.example.org/x" href="/x">',
        'words data-player="https://evil.example.org/x"',
        "<span title='<a data-player=\"https://evil.example.org/x\"'>x</span>",
        '`<a data-player="https://evil.example.org/x">`',
    ],
)
def test_no_text_lets_another_site_in(text):
    html = markdown.render(f"{text}\n\n{FILM}").html

    assert player_origins(html) == ["https://www.youtube-nocookie.com"]


def test_cleaning_again_changes_nothing():
    html = markdown.render(FILM).html

    assert markdown.cleaner.clean(html) == html


def test_feed_and_mail_have_a_plain_link():
    html = markdown.render(f"[A film]({FILM})").html
    plain = f'<p><a href="{FILM}" rel="noopener">A film</a></p>\n'

    assert markdown.feed_html(html, "https://blog.example.com/") == plain
    assert markdown.mail_html(html, "https://blog.example.com/") == plain
    assert markdown.as_text(html, "https://blog.example.com/") == f"A film [1]\n\n[1] {FILM}"


@pytest.mark.django_db
def test_only_a_page_with_a_film_lets_its_player_in(client):
    PostFactory(slug="film", body=f"{FILM}\n\nhttps://vimeo.com/76979871")
    PostFactory(slug="none", body="Words.")

    def frames(path):
        policy = client.get(path).headers["Content-Security-Policy"]
        return re.search(r"frame-src ([^;]*)", policy)[1]

    assert frames("/posts/film/") == (
        "'self' https://player.vimeo.com https://www.youtube-nocookie.com"
    )
    assert frames("/posts/none/") == frames("/") == "'self'"
    assert "<iframe" not in client.get("/posts/film/").text
