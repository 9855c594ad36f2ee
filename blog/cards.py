"""Share cards: the picture that stands for a page without one where somebody shares its address.

Drawn at the first request, kept on the disk of the host that drew it: one file a page, replaced
where its words changed. Knows no posts.
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from io import BytesIO
from pathlib import Path
from unicodedata import category

from PIL import Image, ImageDraw, ImageFont

logger = logging.getLogger("pennypost.cards")

# What every service that shows such pictures asks for.
WIDTH, HEIGHT = 1200, 630
# Add one whenever the same words are drawn differently.
VERSION = 1

FONTS = Path(__file__).parent / "fonts"
PAPER, INK, MUTED, ACCENT = "#fdfbf7", "#23201c", "#665f55", "#8f3018"
LEFT, RIGHT, TOP, BOTTOM = 96, 1104, 84, 566
# The largest size that leaves a title in its lines is taken.
SIZES = ((92, 3), (76, 3), (64, 4), (54, 5), (46, 6), (40, 6))
LEADING = 1.16
# A font without a character draws what it draws for this one, which stands for none.
NOBODY = "\U0010fffe"
# They change how the pictograph before them looks or join it to the next, and show nothing.
INVISIBLE = {*"\ufe0e\ufe0f\u20e3\u200d"}


@dataclass(frozen=True)
class Card:
    site: str
    title: str = ""
    byline: str = ""
    accent: str = ACCENT

    @property
    def digest(self) -> str:
        """Another one where anything on the card is another."""
        return hashlib.sha256(repr((VERSION, *astuple(self))).encode()).hexdigest()[:16]


def stored(card: Card, folder: Path, kind: str, number: int) -> bytes:
    """The picture, drawn only where it is not there yet. `kind` and `number` name its page.

    However many ask at once, one of them draws.
    """
    # A folder never holds more than a thousand, since the older ones are looked for in it.
    place = folder / kind / str(number // 1000)
    file = place / f"{number}-{card.digest}.png"
    with suppress(OSError):
        return file.read_bytes()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            if not file.exists():
                _replace(file, draw(card))
                for other in place.glob(f"{number}-*.png"):
                    if other != file:
                        other.unlink()
            return file.read_bytes()
    except OSError as error:
        logger.warning("A share card could not be kept: %s", error)
        return draw(card)


def draw(card: Card) -> bytes:
    """A PNG. Words in a script that the font lacks are left out, so no boxes ever stand there."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 23, HEIGHT), card.accent)
    bold, light = _font(600, 38), _font(400, 34)
    site, title, byline = writable(card.site), writable(card.title), writable(card.byline)
    if site and title:
        pen.text((LEFT, TOP), _cut(site, bold), card.accent, bold, anchor="ls")
    rule = _write_byline(pen, _within(byline, light, 2), light, card.accent)
    if site or title:
        _write_title(pen, title or site, rule)
    buffer = BytesIO()
    # Paper, ink and the steps between them: a palette more than halves the file.
    few = image.quantize(32, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(buffer, "PNG")
    return buffer.getvalue()


def writable(text: str) -> str:
    """`text` without its pictographs; nothing at all where the font lacks a letter of it."""
    font = _font(600, 16)
    none = bytes(font.getmask(NOBODY))
    lacking = {sign for sign in {*text} - INVISIBLE if bytes(font.getmask(sign)) == none}
    if any(category(sign)[0] not in "SC" for sign in lacking):
        return ""
    kept = "".join(sign for sign in text if sign not in lacking | INVISIBLE)
    return " ".join(kept.split())


def _write_byline(
    pen: ImageDraw.ImageDraw, lines: list[str], font: ImageFont.FreeTypeFont, accent: str
) -> int:
    """Returns how far down the title may reach."""
    for number, line in enumerate(reversed(lines)):
        pen.text((LEFT, BOTTOM - 46 * number), line, MUTED, font, anchor="ls")
    rule = BOTTOM - 46 * len(lines) - 20
    if lines:
        pen.line((LEFT, rule, LEFT + 72, rule), accent, 4)
    return min(rule, 500) - 20


def _write_title(pen: ImageDraw.ImageDraw, title: str, bottom: int) -> None:
    for size, most in SIZES:
        font = _font(600, size)
        lines = list(_lines(title, font))
        # Rather small than broken.
        is_whole = all(font.getlength(word) <= RIGHT - LEFT for word in title.split())
        if is_whole and len(lines) <= most:
            break
    lines = _within(title, font, most)
    step = round(size * LEADING)
    top = (TOP + 20 + bottom - step * len(lines)) / 2
    for number, line in enumerate(lines):
        baseline = round(top + step * number + size * 0.86)
        pen.text((LEFT, baseline), line, INK, font, anchor="ls")


def _within(text: str, font: ImageFont.FreeTypeFont, most: int) -> list[str]:
    """`text` in at most so many lines; the last one is cut where more would be needed."""
    lines = list(_lines(text, font))
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(f"{lines[most - 1]} {lines[most]}", font)]
    return lines


def _lines(text: str, font: ImageFont.FreeTypeFont) -> Iterator[str]:
    """`text` in lines that fit; a word that fits in none is broken."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= RIGHT - LEFT:
            line = longer
            continue
        if line:
            yield line
        while font.getlength(word) > RIGHT - LEFT:
            fits = _fitting(word, font)
            yield word[:fits]
            word = word[fits:]
        line = word
    if line:
        yield line


def _fitting(word: str, font: ImageFont.FreeTypeFont) -> int:
    """How many characters of `word` fit into a line, at least one."""
    width = 0.0
    for number, sign in enumerate(word):
        width += font.getlength(sign)
        if width > RIGHT - LEFT:
            return max(1, number)
    return len(word)


def _cut(text: str, font: ImageFont.FreeTypeFont) -> str:
    if font.getlength(text) <= RIGHT - LEFT:
        return text
    while text and font.getlength(text + "…") > RIGHT - LEFT:
        text = text[:-1]
    return text.rstrip() + "…"


def _font(weight: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"literata-{weight}.woff2", size)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits until no other thread or process of this host is drawing."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(file: Path, content: bytes) -> None:
    """All of it or nothing, whoever reads meanwhile and whenever the process dies."""
    half = file.with_suffix(".half")
    half.write_bytes(content)
    os.replace(half, file)
