"""The site's icon: the small picture in a browser's tab and on a phone's home screen.

There it has to be a square and a PNG, so two of these are stored beside the uploaded picture.
"""

from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile, File
from PIL import Image, ImageOps

from blog.images import PictureField, PictureFile, address_of, reencode

# Sharp in a tab on any screen, and what Apple's phones ask for. Those show black what is
# transparent, so that one has a ground of its own.
TAB, HOME = 48, 180
GROUNDS = {TAB: (255, 255, 255, 0), HOME: (255, 255, 255, 255)}


class Png(ContentFile):
    content_type = "image/png"  # for storages that keep a type with the file

    def __init__(self, image: Image.Image) -> None:
        buffer = BytesIO()
        image.save(buffer, "PNG", optimize=True)
        super().__init__(buffer.getvalue(), name="icon.png")


class IconFile(PictureFile):
    def save(self, name: str, content: File, save: bool = True) -> None:
        picture = reencode(content)
        super().save(name, picture, save=False)
        picture.seek(0)
        image = Image.open(picture).convert("RGBA")
        for size, ground in GROUNDS.items():
            self.storage.save(square_name(self.name, size), Png(square(image, size, ground)))
        if save:
            self.instance.save()

    def delete(self, save: bool = True) -> None:
        if self.name:
            for size in GROUNDS:
                self.storage.delete(square_name(self.name, size))
        super().delete(save)

    @property
    def tab_url(self) -> str:
        return address_of(self.storage, square_name(self.name, TAB)) if self.name else ""

    @property
    def home_url(self) -> str:
        return address_of(self.storage, square_name(self.name, HOME)) if self.name else ""


class IconField(PictureField):
    attr_class = IconFile


def square_name(name: Any, size: int) -> str:
    return f"{name.removesuffix('.webp')}-{size}.png"


def square(image: Image.Image, size: int, ground: tuple[int, int, int, int]) -> Image.Image:
    """The whole picture in the middle of a square of `size` pixels."""
    whole = Image.new("RGBA", (size, size), ground)
    fitting = ImageOps.contain(image, (size, size))
    whole.alpha_composite(fitting, ((size - fitting.width) // 2, (size - fitting.height) // 2))
    return whole
