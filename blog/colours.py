"""Colours that can be read: how far two of them stand apart, and the next one that does."""

import re
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache
from typing import NamedTuple

HEX = re.compile(r"#[0-9a-f]{6}")
# What text needs: WCAG 2.2, success criterion 1.4.3.
LEAST = 4.5
# On the dark page a colour that only just can be read tires the eye.
LEAST_IN_THE_DARK = 6.5

# --paper and --tint of site.css: what an accent stands on. A test compares them.
LIGHT_GROUNDS = ("#fdfbf7", "#f5f1e8")
DARK_GROUNDS = ("#181715", "#211f1c")


class Accent(NamedTuple):
    """One accent in its two shades, each for its own paper."""

    light: str
    dark: str


OURS = Accent("#8f3018", "#e39b80")


@lru_cache(maxsize=32)
def accent(colour: str) -> Accent:
    """Both shades of `colour`, such as can be read. What is no colour gets ours."""
    if colour == OURS.light or not HEX.fullmatch(colour):
        return OURS
    lighter = readable(colour, DARK_GROUNDS, LEAST_IN_THE_DARK, step=1)
    return Accent(readable(colour, LIGHT_GROUNDS), lighter)


def readable(colour: str, grounds: tuple[str, ...], least: float = LEAST, *, step: int = -1) -> str:
    """The nearest colour of the same hue that stands out from all `grounds`.

    It gets darker by steps of -1, or lighter by steps of 1, until it does.
    """
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in _parts(colour)))
    here = round(lightness * 255)
    while least_contrast(colour, grounds) < least and 0 <= here + step <= 255:
        here += step
        parts = hls_to_rgb(hue, here / 255, saturation)
        colour = "#" + "".join(f"{round(part * 255):02x}" for part in parts)
    return colour


def least_contrast(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white): WCAG 2.2, "contrast ratio"."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """From 0 to 1: WCAG 2.2, "relative luminance", with the threshold of sRGB itself (0.04045)."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
