"""Whether an accent can be read."""

import re
from itertools import product
from pathlib import Path

import pytest

from blog import colours
from blog.colours import DARK_GROUNDS, LIGHT_GROUNDS, OURS, accent, contrast, least_contrast

SHEETS = Path(colours.__file__).parent / "static/blog"
PARTS = ("00", "55", "99", "cc", "ff")
WHEEL = ["#" + "".join(parts) for parts in product(PARTS, repeat=3)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#ffffff", "#000000", 21), ("#777777", "#ffffff", 4.48), ("#8f3018", "#8f3018", 1)],
)
def test_contrast_is_that_of_wcag(one, other, expected):
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == expected


@pytest.mark.parametrize("colour", WHEEL)
def test_both_shades_of_any_colour_can_be_read(colour):
    light, dark = accent(colour)

    assert least_contrast(light, LIGHT_GROUNDS) >= 4.5
    assert least_contrast(dark, DARK_GROUNDS) >= 4.5


def test_colour_that_can_be_read_stays_as_it_was_chosen():
    assert accent("#1f6f54").light == "#1f6f54"


@pytest.mark.parametrize("colour", ["", "red", "#12", "#1f6f5g", "#1F6F54\n", "javascript:"])
def test_what_is_no_colour_gets_ours(colour):
    assert accent(colour) == OURS


@pytest.mark.parametrize("sheet", ["site.css", "newsroom/ground.css"])
def test_figures_are_those_of_the_style_sheet(sheet):
    text = (SHEETS / sheet).read_text()

    def token(name):
        return re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", text).groups()

    assert token("accent") == OURS
    assert (*zip(token("paper"), token("tint"), strict=True),) == (LIGHT_GROUNDS, DARK_GROUNDS)
