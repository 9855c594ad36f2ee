"""Pictures: whatever an author uploads is stored as clean WebP in two sizes, or not at all.

A file is never kept as it came. What it is is found out by decoding it, and only the decoded
pixels are written again, so a script behind a picture's header, the place where a photo was
taken and the name that the file had at home all stay outside.
"""

import re
import secrets
from functools import lru_cache
from io import BytesIO
from threading import Lock
from typing import Any

from django import forms
from django.core import checks
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageCms, ImageOps

MAX_BYTES = 15 * 2**20
MAX_REQUEST = 4 * MAX_BYTES
# Enough for a phone's fifty megapixels, which come as JPEG and are decoded at a fraction. Another
# format is decoded whole, which took 15 bytes a pixel. A side has a limit too: each row costs
# memory of its own.
MAX_PIXELS_OF_JPEG = 50_000_000
MAX_PIXELS = 20_000_000
MAX_SIDE = 20_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")

# The large picture fits into this box, the small one has this width. Neither is ever enlarged.
WIDEST, TALLEST = 1600, 3200
SMALL = 640

# In a mail a picture is 560 wide; twice as many pixels look sharp.
MAIL_WIDTH = 1120

# Every name that store(), mail_copy() and blog/icons.py give, and nothing else.
NAME = re.compile(r"[a-z]+/[0-9a-f]{32}((-640)?\.webp|-mail\.jpg|-(48|180)\.png)")

TOO_HEAVY = _("This file is too large: a picture may have at most 15 MB.")
TOO_MANY_PIXELS = _(
    "This picture has too many pixels: 20 million is the most, 5400 × 3600 for example, "
    "and 50 million for a JPEG. Please make it smaller first."
)
UNREADABLE = _("This file is not a picture we can read. Please use JPEG, PNG, WebP or AVIF.")
DAMAGED = _("This picture is damaged or cut off. Please save it again and choose the new file.")

# What a file chooser offers.
ACCEPT = "image/jpeg,image/png,image/webp,image/avif"

SRGB = ImageCms.createProfile("sRGB")

# Twenty megapixels of WebP take 300 MB while they are worked on. However many are uploaded at
# once, each process works on one at a time.
_one_at_a_time = Lock()


class WebP(ContentFile):
    """Pillow copies no metadata into a WebP that is not handed to it, which nobody does here."""

    content_type = "image/webp"  # for storages that keep a type with the file

    def __init__(self, image: Image.Image) -> None:
        buffer = BytesIO()
        image.save(buffer, "WEBP", quality=82)
        super().__init__(buffer.getvalue(), name="picture.webp")


class Jpeg(ContentFile):
    content_type = "image/jpeg"

    def __init__(self, image: Image.Image) -> None:
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=82, optimize=True, progressive=True)
        super().__init__(buffer.getvalue(), name="picture.jpg")


class Picture(WebP):
    """A clean picture: its content is the large file, `small` the other. See reencode()."""

    def __init__(self, image: Image.Image) -> None:
        super().__init__(image)
        self.width, self.height = image.size
        image.thumbnail((SMALL, TALLEST))
        self.small = WebP(image)


def reencode(upload: File) -> Picture:
    """Raises a ValidationError that tells the author what is wrong with the file."""
    if isinstance(upload, Picture):
        return upload
    if upload.size > MAX_BYTES:
        raise ValidationError(TOO_HEAVY)
    with _one_at_a_time:
        image = _open(upload)
        try:
            return Picture(_srgb(_upright(image)))
        except Exception as error:  # a decoder may raise nearly anything, see _open()
            raise ValidationError(DAMAGED) from error


def _open(upload: File) -> Image.Image:
    """Reads no more than the header: the size must be known before a pixel is decoded."""
    upload.seek(0)
    try:
        image = Image.open(upload, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(TOO_MANY_PIXELS) from error
    except Exception as error:  # hostile bytes end in SyntaxError, struct.error, ValueError, ...
        raise ValidationError(UNREADABLE) from error
    most = MAX_PIXELS_OF_JPEG if image.format == "JPEG" else MAX_PIXELS
    if image.width * image.height > most or max(image.size) > MAX_SIDE:
        raise ValidationError(TOO_MANY_PIXELS)
    return image


def _upright(image: Image.Image) -> Image.Image:
    """Decodes, shrinks to the large size and turns the picture the way the camera was held."""
    turned = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    wide, tall = (TALLEST, WIDEST) if turned else (WIDEST, TALLEST)
    scale = min(1, wide / image.width, tall / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image.draft(None, (2 * size[0], 2 * size[1]))  # a JPEG can be decoded at a fraction
    shrunk = _continuous(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    return ImageOps.exif_transpose(shrunk)


def _continuous(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be shrunk smoothly: no palette, no single bits."""
    if image.mode == "I;16":  # Pillow would clip sixteen bits instead of scaling them
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("L", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _srgb(image: Image.Image) -> Image.Image:
    """Phones take photos in wider colours; without their profile these would look dull."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile := image.info.get("icc_profile"):
        try:
            converted = ImageCms.profileToProfile(image, BytesIO(profile), SRGB, outputMode=mode)
        except ImageCms.PyCMSError:
            pass  # a broken or foreign profile: the plain numbers are the best guess
        else:
            return converted or image
    return image.convert(mode)


def store(picture: Picture, folder: str) -> str:
    """Returns the name of the large one; the small one lies beside it, see small()."""
    name = f"{folder}/{secrets.token_hex(16)}.webp"
    default_storage.save(small(name), picture.small)
    return default_storage.save(name, picture)


def small(name: str) -> str:
    return f"{name.removesuffix('.webp')}-{SMALL}.webp"


def mail_copy(name: str) -> str:
    """The name of a JPEG of the large picture `name`, made at first use: Outlook shows no WebP.

    Raises OSError where there is no such picture.
    """
    copy = name_of_mail_copy(name)
    if not default_storage.exists(copy):
        with _one_at_a_time, default_storage.open(name) as file:
            image = Image.open(file, formats=("WEBP",))
            image.thumbnail((MAIL_WIDTH, TALLEST))
            default_storage.save(copy, Jpeg(_on_white(image)))
    return copy


def name_of_mail_copy(name: str) -> str:
    return f"{name.removesuffix('.webp')}-mail.jpg"


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.convert("RGBA").getchannel("A"))
    return white


@lru_cache(2_000)
def address_of(storage: Storage, name: str) -> str:
    """Where browsers find a stored file. It stays there, so it is worked out once."""
    return storage.url(name)


class PictureFile(FieldFile):
    field: "PictureField"

    def save(self, name: str, content: File, save: bool = True) -> None:
        """Forms, importers, the demo and the shell all end here, so all that is stored is clean.

        `name` is what the file was called at home; it is not used. Raises like reencode().
        """
        picture = reencode(content)
        self.name = store(picture, str(self.field.upload_to))
        setattr(self.instance, self.field.attname, self.name)
        self.field.note_size(self.instance, picture.width, picture.height)
        self._committed = True
        if save:
            self.instance.save()

    def delete(self, save: bool = True) -> None:
        if self.name:
            self.storage.delete(small(self.name))
            self.storage.delete(name_of_mail_copy(self.name))
        super().delete(save)

    @property
    def url(self) -> str:
        # Without a name Django says what is wrong.
        return address_of(self.storage, self.name) if self.name else super().url

    @property
    def small_url(self) -> str:
        return address_of(self.storage, small(self.name)) if self.name else ""

    @property
    def srcset(self) -> str:
        """For an <img>; needs a width_field."""
        width = getattr(self.instance, self.field.width_field or "")
        if not (self.name and width):
            return ""
        large = f"{self.url} {width}w"
        return large if width <= SMALL else f"{self.small_url} {SMALL}w, {large}"


class PictureFormField(forms.FileField):
    def to_python(self, data: Any) -> Picture | None:
        upload = super().to_python(data)
        return reencode(upload) if upload else None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # Django gives the file chooser a legend, and no label of its own.
        names = {"accept": ACCEPT, "aria-label": self.label}
        return super().widget_attrs(widget) | names


class PictureField(models.FileField):
    """Stores the name of the large picture; `width_field` and `height_field` get its size, or null.

    A picture that is replaced stays in storage: mails already sent still show it.
    """

    attr_class = PictureFile

    def __init__(
        self,
        *args: Any,
        width_field: str | None = None,
        height_field: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.width_field, self.height_field = width_field, height_field
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_order()]

    def _check_order(self) -> list[checks.CheckMessage]:
        """Django saves the fields in the order of the model, and the size is known only here."""
        names = [field.name for field in self.model._meta.concrete_fields]
        late = names[names.index(self.name) :]
        return [
            checks.Error(f"'{name}' must be a field that stands after '{self.name}'.", obj=self)
            for name in (self.width_field, self.height_field)
            if name and name not in late
        ]

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        sizes = {"width_field": self.width_field, "height_field": self.height_field}
        return name, path, args, kwargs | {key: value for key, value in sizes.items() if value}

    def pre_save(self, model_instance: models.Model, add: bool) -> PictureFile:
        file = super().pre_save(model_instance, add)
        if not file:
            self.note_size(model_instance, None, None)
        return file

    def note_size(self, instance: models.Model, width: int | None, height: int | None) -> None:
        for name, pixels in ((self.width_field, width), (self.height_field, height)):
            if name:
                setattr(instance, name, pixels)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        # The name the file had at home is not kept, so its length is nobody's business.
        return super().formfield(**{"form_class": PictureFormField, **kwargs, "max_length": None})


class UploadLimit(TemporaryFileUploadHandler):
    """Keeps no more than MAX_BYTES of a file on disk, and refuses absurd requests unread.

    Stands in FILE_UPLOAD_HANDLERS where Django has its TemporaryFileUploadHandler. A file over
    the limit is dropped while it arrives, so that the form can come back with a sentence and
    with all that was typed. What the form then holds knows its true size; reading it fails.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803 (Django's name)
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > MAX_REQUEST:
            raise RequestDataTooBig("The request is larger than any form of this site needs.")

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        # Django gives the temporary file the same ending, which an operating system refuses
        # when it is long.
        super().new_file(field_name, file_name[:50], *args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) <= MAX_BYTES:
            self.file.write(raw_data)
        else:
            self.file.close()

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if file_size <= MAX_BYTES:
            return super().file_complete(file_size)
        self.file.size = file_size
        return self.file
