import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from blog import images
from tests.blog.pictures import decode, encode, picture, upload

NAME = "covers/0123456789abcdef0123456789abcdef.webp"

EXPECTED = {
    "Content-Type": "image/webp",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def test_stored_picture_is_served_as_nothing_but_a_picture(client):
    name = images.store(images.reencode(upload(picture())), "covers")

    response = client.get(f"/media/{name}")

    content = ContentFile(response.getvalue())
    assert (response.status_code, decode(content).size) == (200, (40, 20))
    assert EXPECTED.items() <= dict(response.items()).items()
    assert "Set-Cookie" not in response


def test_small_picture_is_served_beside_the_large_one(client):
    name = images.store(images.reencode(upload(picture(900, 300))), "covers")

    response = client.get(f"/media/{images.small(name)}")

    assert decode(ContentFile(response.getvalue())).width == 640


def test_copy_for_mail_is_a_jpeg_beside_it(client):
    name = images.store(images.reencode(upload(picture(2400, 1200))), "covers")

    response = client.get(f"/media/{images.mail_copy(name)}")

    copy = decode(ContentFile(response.getvalue()))
    assert (copy.format, copy.size) == ("JPEG", (1120, 560))
    assert response["Content-Type"] == "image/jpeg"
    assert images.mail_copy(name) == images.name_of_mail_copy(name)


def test_copy_for_mail_stands_on_white_where_the_picture_has_gaps(client):
    clear = encode(Image.new("RGBA", (40, 20), (0, 0, 0, 0)))
    name = images.store(images.reencode(upload(clear)), "covers")

    response = client.get(f"/media/{images.mail_copy(name)}")

    assert decode(ContentFile(response.getvalue())).getpixel((5, 5)) == (255, 255, 255)


def test_file_that_is_no_picture_is_shown_as_one_all_the_same(client):
    default_storage.save(NAME, ContentFile(b"<script>alert(1)</script>"))

    response = client.get(f"/media/{NAME}")

    assert response.getvalue() == b"<script>alert(1)</script>"
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "",
        "covers",
        "covers/",
        "covers/0123456789abcdef0123456789abcde0.webp",
        "covers/0123456789abcdef0123456789abcdef-320.webp",
        "covers/0123456789abcdef0123456789abcdef-641.webp",
        "covers/0123456789abcdef0123456789abcdef.webp/",
        "covers/0123456789abcdef0123456789abcdef.webp?w=99999",
        "covers/0123456789ABCDEF0123456789ABCDEF.webp",
        "covers/notes.txt",
        "covers/../notes.txt",
        "covers/%2e%2e/notes.txt",
        "..%2fpennypost.sqlite3",
        "%00",
        "covers\\notes.txt",
    ],
)
def test_media_knows_only_the_names_it_gave(client, media_root, path):
    (media_root / "covers").mkdir(parents=True)
    (media_root / "covers/notes.txt").write_text("secret")
    (media_root / "notes.txt").write_text("secret")

    response = client.get(f"/media/{path}")

    assert response.status_code == 404
    assert b"secret" not in response.content
    assert sorted(path.name for path in media_root.rglob("*.*")) == ["notes.txt", "notes.txt"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_media_cannot_be_written_to(client, method):
    name = images.store(images.reencode(upload(picture())), "covers")

    response = getattr(client, method)(f"/media/{name}")

    assert (response.status_code, default_storage.exists(name)) == (405, True)


def test_head_of_a_picture_has_its_length_and_no_body(client):
    name = images.store(images.reencode(upload(picture())), "covers")

    response = client.head(f"/media/{name}")

    assert (response.status_code, response.getvalue()) == (200, b"")
    assert int(response["Content-Length"]) == default_storage.size(name)
