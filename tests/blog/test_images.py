import resource
import time
from io import BytesIO

import pytest
from django import forms
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.base import ContentFile, File
from django.db import models
from django.test.utils import isolate_apps
from PIL import ExifTags, Image, ImageCms

from blog import images
from blog.models import Author, Post
from tests.blog.pictures import black_png, claimed_jpeg, decode, encode, picture, upload
from tests.factories import AuthorFactory, DraftFactory

UNREADABLE = "This file is not a picture we can read. Please use JPEG, PNG, WebP or AVIF."
DAMAGED = "This picture is damaged or cut off. Please save it again and choose the new file."
TOO_HEAVY = "This file is too large: a picture may have at most 15 MB."
TOO_MANY_PIXELS = (
    "This picture has too many pixels: 20 million is the most, 5400 × 3600 for example, "
    "and 50 million for a JPEG. Please make it smaller first."
)


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def temporary(settings, tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = folder
    return folder


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refusal(content):
    with pytest.raises(ValidationError) as caught:
        images.reencode(upload(content))
    return caught.value.messages


class CoverForm(forms.ModelForm):
    class Meta:
        model = Post
        fields = ["title", "cover"]


# --- What a picture becomes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "large", "small"),
    [
        ((2400, 1200), (1600, 800), (640, 320)),
        ((1200, 900), (1200, 900), (640, 480)),
        ((500, 300), (500, 300), (500, 300)),
        ((1, 1), (1, 1), (1, 1)),
        ((4000, 2), (1600, 1), (640, 1)),
        ((1000, 8000), (400, 3200), (400, 3200)),
    ],
)
def test_picture_is_made_in_two_sizes_and_never_enlarged(before, large, small):
    made = images.reencode(upload(picture(*before)))

    shown = [(decode(file).format, decode(file).size) for file in (made, made.small)]
    assert shown == [("WEBP", large), ("WEBP", small)]
    assert (made.width, made.height) == large


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "MPO"])
def test_picture_is_read_whatever_its_name_says(kind):
    made = images.reencode(upload(picture(kind=kind, color=(200, 40, 40)), "notes.txt"))

    red, green, blue = decode(made).getpixel((20, 10))
    assert (red > 180, green < 60, blue < 60) == (True, True, True)


def test_picture_is_turned_the_way_the_camera_was_held():
    image = Image.new("RGB", (3200, 1600), "white")
    image.paste("red", (0, 0, 1600, 1600))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    made = images.reencode(upload(encode(image, "JPEG", exif=exif)))

    upright = decode(made)
    assert upright.size == (1600, 3200)
    assert upright.getpixel((800, 400)) == pytest.approx((255, 0, 0), abs=6)
    assert upright.getpixel((800, 2800)) == pytest.approx((255, 255, 255), abs=6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_picture_loses_all_that_is_not_pixels(kind):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "A. Photographer"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    before = picture(kind=kind, exif=exif, icc_profile=profile)
    assert Image.open(BytesIO(before)).getexif()[ExifTags.Base.Artist] == "A. Photographer"

    made = images.reencode(upload(before))

    for file in (made, made.small):
        shown = decode(file)
        assert dict(shown.getexif()) == {}
        assert {"exif", "icc_profile", "xmp"} & shown.info.keys() == set()
        assert b"Photographer" not in file.file.getvalue()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("CMYK", (20, 10), (0, 255, 255, 0)), (255, 0, 0)),
        (Image.new("L", (20, 10), 100), (100, 100, 100)),
        (Image.new("1", (20, 10), 1), (255, 255, 255)),
        (Image.new("P", (20, 10), "red"), (255, 0, 0)),
        (Image.new("I;16", (20, 10), 0x8000), (128, 128, 128)),
        (Image.new("RGBA", (20, 10), (255, 0, 0, 128)), (255, 0, 0, 128)),
        (Image.new("LA", (20, 10), (90, 128)), (90, 90, 90, 128)),
    ],
    ids=lambda value: getattr(value, "mode", None),
)
def test_picture_keeps_its_colours_and_its_transparency(image, expected):
    kind = "JPEG" if image.mode == "CMYK" else "PNG"

    made = images.reencode(upload(encode(image, kind)))

    assert decode(made).getpixel((5, 5)) == pytest.approx(expected, abs=6)


@pytest.mark.parametrize(("mode", "transparent"), [("P", 0), ("L", 0), ("RGB", (0, 0, 0))])
def test_picture_with_a_transparent_colour_stays_transparent(mode, transparent):
    before = encode(Image.new(mode, (20, 10)), transparency=transparent)

    made = images.reencode(upload(before))

    assert decode(made).getpixel((5, 5))[3] == 0


def test_picture_in_another_colour_space_looks_the_same():
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # In this profile the numbers of red mean green, and the other way round.
    swapped = swapped.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")

    made = images.reencode(upload(picture(color=(255, 0, 0), icc_profile=swapped)))

    assert decode(made).getpixel((5, 5)) == pytest.approx((0, 255, 0), abs=6)


def test_picture_with_a_broken_profile_keeps_its_numbers():
    made = images.reencode(upload(picture(color=(255, 0, 0), icc_profile=b"not a profile")))

    assert decode(made).getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=6)


@pytest.mark.parametrize(
    "content",
    [
        picture() + b"<html><script>alert(1)</script></html>",
        picture(kind="JPEG", comment=b"<?php system($_GET[0]); ?>"),
    ],
)
def test_picture_that_is_also_a_script_keeps_only_the_picture(content):
    made = images.reencode(upload(content))

    assert decode(made).size == (40, 20)
    assert b"script" not in made.file.getvalue()
    assert b"php" not in made.file.getvalue()


# --- What is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Dear editor, please find enclosed",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x1f\x8b\x08\x00 an svgz",
        picture(kind="GIF"),
        b"GIF89a/*" + b"\0" * 20 + b"*/=1;<script>alert(1)</script>",
        picture(kind="BMP"),
        picture(kind="TIFF"),
        picture(kind="PDF"),
    ],
)
def test_file_of_another_kind_is_refused(content):
    assert refusal(content) == [UNREADABLE]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_picture_that_was_cut_off_is_refused(kind):
    noise = Image.effect_noise((300, 200), 60).convert("RGB")
    whole = encode(noise, kind)

    assert refusal(whole[: len(whole) // 2]) in ([DAMAGED], [UNREADABLE])
    assert images.reencode(upload(whole)).width == 300


def test_picture_with_overwritten_bytes_is_refused():
    damaged = bytearray(picture(300, 200))
    damaged[-40:-20] = b"x" * 20

    assert refusal(bytes(damaged)) == [DAMAGED]


@pytest.mark.parametrize(
    "make",
    [
        lambda: black_png(12_000, 12_000),
        lambda: black_png(20_000, 20_000),
        lambda: black_png(5_000, 4_001),
        lambda: claimed_jpeg(8_000, 6_251),
        lambda: black_png(1, 20_001),
    ],
    ids=["144 million", "400 million", "20 million and a few", "50 million and a few", "high"],
)
def test_picture_with_too_many_pixels_is_refused_before_it_is_decoded(make):
    content = make()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()

    messages = refusal(content)

    assert messages == [TOO_MANY_PIXELS]
    assert time.monotonic() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 100_000


def test_file_over_the_limit_is_refused_unread():
    class Heavy(File):
        size = images.MAX_BYTES + 1

    with pytest.raises(ValidationError) as caught:
        images.reencode(Heavy(None))

    assert caught.value.messages == [TOO_HEAVY]


# --- The field --------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "../../x.png",
        "..\\x.png",
        "C:\\x.png",
        "a\0.png",
        ".htaccess",
        "x.png.html",
        "gnp\u202egnp.exe",
        "x" * 300 + ".png",
        "ne\u0301.png",
    ],
)
def test_uploaded_file_gets_a_name_of_our_own(name, rf, media_root):
    sent = ContentFile(picture())
    sent.name = name
    request = rf.post("/", {"title": "Bread", "cover": sent})

    post = CoverForm(request.POST, request.FILES).save()

    assert images.NAME.fullmatch(post.cover.name)
    assert files_in(media_root) == sorted([post.cover.name, images.small(post.cover.name)])


@pytest.mark.django_db
def test_form_with_a_file_that_is_no_picture_says_so_and_stores_nothing(media_root):
    form = CoverForm({"title": "Bread"}, {"cover": upload(b"GIF89a")})

    assert form.errors == {"cover": [UNREADABLE]}
    assert files_in(media_root) == []


@pytest.mark.django_db
def test_picture_from_a_form_is_encoded_once(media_root):
    noise = encode(Image.effect_noise((90, 60), 60).convert("RGB"))
    form = CoverForm({"title": "Bread"}, {"cover": upload(noise)})
    encoded = form.fields["cover"].clean(upload(noise)).file.getvalue()

    post = form.save()

    assert (media_root / post.cover.name).read_bytes() == encoded


def test_form_offers_only_what_can_be_read():
    shown = str(CoverForm()["cover"])

    assert 'accept="image/jpeg,image/png,image/webp,image/avif"' in shown


@pytest.mark.django_db
def test_picture_set_without_a_form_is_cleaned_too(media_root):
    original = picture(2400, 1200) + b"<script>"

    post = DraftFactory(cover=File(BytesIO(original), name="cover.png"))

    post.refresh_from_db()
    assert (post.cover_width, post.cover_height) == (1600, 800)
    assert decode(post.cover).size == (1600, 800)
    assert all(b"<script>" not in (media_root / name).read_bytes() for name in files_in(media_root))


@pytest.mark.django_db
def test_file_that_is_no_picture_stops_the_save_without_a_form(media_root):
    with pytest.raises(ValidationError) as caught:
        DraftFactory(cover=ContentFile(b"<html>", name="cover.png"))

    assert caught.value.messages == [UNREADABLE]
    assert Post.objects.count() == 0
    assert files_in(media_root) == []


@pytest.mark.django_db
def test_picture_is_left_alone_when_the_row_is_saved_again(media_root):
    author = AuthorFactory(photo=upload(picture()))
    before = {name: (media_root / name).read_bytes() for name in files_in(media_root)}

    author = Author.objects.get()
    author.bio = "Bakes."
    author.save()

    assert (author.photo_width, author.photo_height) == (40, 20)
    assert {name: (media_root / name).read_bytes() for name in files_in(media_root)} == before


@pytest.mark.django_db
def test_picture_that_is_replaced_stays_for_mails_already_sent(media_root):
    post = DraftFactory(cover=upload(picture()))
    old = post.cover.name

    post.cover = upload(picture(30, 30))
    post.save()

    assert (post.cover_width, post.cover_height) == (30, 30)
    assert len({old, post.cover.name} & set(files_in(media_root))) == 2


@pytest.mark.django_db
def test_picture_that_is_cleared_leaves_no_size_behind():
    post = DraftFactory(cover=upload(picture()))

    form = CoverForm({"title": "Bread", "cover-clear": "on"}, instance=post)
    form.save()

    post.refresh_from_db()
    assert (post.cover.name, post.cover_width, post.cover_height) == ("", None, None)
    assert (post.cover.small_url, post.cover.srcset) == ("", "")


@pytest.mark.django_db
def test_picture_that_is_deleted_takes_its_small_one_along(media_root):
    post = DraftFactory(cover=upload(picture()))
    assert len(files_in(media_root)) == 2

    post.cover.delete()

    assert files_in(media_root) == []


@pytest.mark.django_db
def test_srcset_names_each_file_with_its_width():
    wide = DraftFactory(cover=upload(picture(900, 300))).cover
    narrow = DraftFactory(cover=upload(picture(600, 300))).cover

    stem = wide.name.removesuffix(".webp")
    assert wide.srcset == f"/media/{stem}-640.webp 640w, /media/{stem}.webp 900w"
    assert narrow.srcset == f"/media/{narrow.name} 600w"


@isolate_apps("blog")
def test_field_before_which_its_size_is_saved_is_an_error():
    class Stamp(models.Model):  # noqa: DJ008
        width = models.PositiveIntegerField(null=True)
        image = images.PictureField(width_field="width", height_field="height")
        height = models.PositiveIntegerField(null=True)

        class Meta:
            app_label = "blog"

    messages = [error.msg for error in Stamp.check()]

    assert messages == ["'width' must be a field that stands after 'image'."]


# --- The upload -------------------------------------------------------------------------------


def test_upload_over_the_limit_brings_the_form_back_and_leaves_no_file(rf, temporary):
    request = rf.post("/", {"title": "Bread", "cover": upload(bytes(images.MAX_BYTES + 1))})

    form = CoverForm(request.POST, request.FILES)

    assert (form.errors, form["title"].value()) == ({"cover": [TOO_HEAVY]}, "Bread")
    assert request.FILES["cover"].size == images.MAX_BYTES + 1
    assert files_in(temporary) == []


def test_upload_of_exactly_the_limit_arrives_whole(rf, temporary):
    content = b"0123456789abcdef" * (images.MAX_BYTES // 16)

    request = rf.post("/", {"cover": upload(content)})

    assert request.FILES["cover"].read() == content
    assert len(files_in(temporary)) == 1
    request.close()
    assert files_in(temporary) == []


def test_upload_with_a_name_too_long_for_a_disk_arrives(rf, temporary):
    content = bytes(3 * 2**20)

    request = rf.post("/", {"cover": upload(content, "a." + "é" * 200)})

    assert request.FILES["cover"].size == len(content)
    request.close()


def test_request_beyond_any_form_is_refused_unread(rf):
    form = "multipart/form-data; boundary=x"
    request = rf.generic("POST", "/", b"--x", content_type=form, CONTENT_LENGTH=str(2**30))

    with pytest.raises(RequestDataTooBig):
        request.POST  # noqa: B018

    assert request.read(3) == b"--x"
