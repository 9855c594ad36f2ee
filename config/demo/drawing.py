"""The few words that the demo's pictures are drawn with, and their colours."""

from io import BytesIO
from math import cos, radians, sin
from random import Random
from typing import cast

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]

PAPER = "#f6f0e4"
SAND = "#e3d6bd"
CRUST = "#c79a63"
TERRACOTTA = "#b5532e"
OCHRE = "#e0a94a"
MOSS = "#6f7a4b"
SAGE = "#c3c6a4"
INDIGO = "#33436b"
NIGHT = "#1d2438"
INK = "#26221f"

# Pillow draws hard edges. Everything is drawn this much larger and then reduced.
FINE = 3


class Sheet:
    """A ground to draw on, measured in the pixels of the finished picture."""

    def __init__(
        self, ground: str, width: int = 1600, height: int = 900, mode: str = "RGB"
    ) -> None:
        self.image = Image.new(mode, (width * FINE, height * FINE), ground)
        self.draw = ImageDraw.Draw(self.image)

    def finished(self) -> Image.Image:
        return self.image.reduce(FINE)

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: str, corner: float = 0
    ) -> None:
        corners = _fine((left, top)) + _fine((right, bottom))
        self.draw.rounded_rectangle(corners, corner * FINE, fill)

    def disc(self, centre: Point, radius: float, fill: str) -> None:
        self.draw.circle(_fine(centre), radius * FINE, fill)

    def ring(self, centre: Point, radius: float, colour: str, thick: float) -> None:
        """`radius` runs to the middle of the line."""
        outer = (radius + thick / 2) * FINE
        self.draw.circle(_fine(centre), outer, outline=colour, width=int(thick * FINE))

    def shape(self, points: list[Point], fill: str) -> None:
        self.draw.polygon([_fine(point) for point in points], fill)

    def line(self, points: list[Point], colour: str, thick: float) -> None:
        """With round ends and corners."""
        self.draw.line([_fine(point) for point in points], colour, int(thick * FINE), "curve")
        for end in (points[0], points[-1]):
            self.disc(end, thick / 2, colour)

    def letter(self, text: str, centre: Point, size: float, colour: str) -> None:
        """In the face that comes with Pillow, so that every machine draws the same."""
        font = cast("ImageFont.FreeTypeFont", ImageFont.load_default(size * FINE))
        self.draw.text(_fine(centre), text, colour, font, anchor="mm")


def as_file(image: Image.Image) -> ContentFile:
    """For a PictureField, which takes a finished drawing like anybody's upload."""
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return ContentFile(buffer.getvalue(), name="drawing.png")


def around(centre: Point, radius: float, degrees: float) -> Point:
    """The point on a circle, counted clockwise from the top."""
    angle = radians(degrees)
    return centre[0] + radius * sin(angle), centre[1] - radius * cos(angle)


def arc(centre: Point, radius: float, first: float, last: float) -> list[Point]:
    return [around(centre, radius, first + (last - first) * i / 40) for i in range(41)]


def chance(seed: int) -> Random:
    """The same luck on every machine."""
    return Random(seed)  # noqa: S311


def _fine(point: Point) -> Point:
    return point[0] * FINE, point[1] * FINE
