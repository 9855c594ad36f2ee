import pytest
from PIL import Image

from config.demo.favicon import FAVICON, SIZES, penny


def test_favicon_holds_every_size_a_browser_asks_for():
    with Image.open(FAVICON) as icon:
        assert icon.info["sizes"] == set(SIZES)
        shown = icon.convert("RGBA")

    drawn = penny().resize((48, 48), Image.Resampling.LANCZOS)
    corner, middle, letter = (0, 0), (24, 5), (24, 31)
    for point in (corner, middle, letter):
        assert shown.getpixel(point) == pytest.approx(drawn.getpixel(point), abs=12)
    assert [shown.getpixel(point)[3] for point in (corner, middle)] == [0, 255]
