"""Share cards: the picture that stands for a page without one where somebody shares its address.

Drawn at the first request, kept on the disk of the host that drew it: one file a page, replaced
where its words changed. Knows no posts.
"""

import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from io import BytesIO
from pathlib import Path
from unicodedata import bidirectional

from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from blog.typefaces import BOLD, LIGHT, Writing, writing

logger = logging.getLogger("pennypost.cards")

# What every service that shows such pictures asks for.
WIDTH, HEIGHT = 1200, 630
# Add one whenever the same words are drawn differently.
VERSION = 2

PAPER, INK, MUTED, ACCENT = "#fdfbf7", "#23201c", "#665f55", "#8f3018"
LEFT, RIGHT, TOP, BOTTOM = 96, 1104, 84, 566
# The largest size that leaves a title in its lines is taken.
SIZES = ((92, 3), (76, 3), (64, 4), (54, 5), (46, 6), (40, 6))
LEADING = 1.16
# Between Han letters and kana a line may end anywhere, but not before what closes nor after what
# opens (JIS X 4051, GB/T 15834).
HAN = (
    r"\u2e80-\u2fff\u3005-\u3007\u3021-\u30ff\u3400-\u9fff"
    r"\uf900-\ufaff\uff01-\uff9f\U00020000-\U0003ffff"
)
OPENS = r"（「『《〈【〔［｛“‘"
CLOSES = r"）」』》〉】〕］｝”’、。，．：；！？…・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々,.;:!?)"
PIECES = re.compile(
    rf" ?[{OPENS}]*(?:(?![{OPENS}{CLOSES}])[{HAN}]|(?:(?![{HAN}{OPENS}])[^ ])+)?[{CLOSES}]*"
)


@dataclass(frozen=True)
class Card:
    site: str
    title: str = ""
    byline: str = ""
    accent: str = ACCENT
    # That of the title, as a BCP 47 tag.
    language: str = ""

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
    """A PNG. Words in a script that no font here has are left out, so no boxes ever stand there."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    site = writing(card.site, BOLD, card.language)
    title = writing(card.title, BOLD, card.language)
    sheet = Sheet(ImageDraw.Draw(image), is_from_right(title.words or site.words), card.accent)
    sheet.edge()
    if site.words and title.words:
        font = site.face.at(38)
        sheet.write(TOP, _cut(site.words, font), font, card.accent)
    rule = sheet.byline(writing(card.byline, LIGHT, card.language))
    sheet.title(title if title.words else site, rule)
    buffer = BytesIO()
    # Paper, ink and the steps between them: a palette more than halves the file.
    few = image.quantize(32, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Sheet:
    """What is drawn on, from the left or, mirrored, from the right."""

    pen: ImageDraw.ImageDraw
    from_right: bool
    accent: str

    def edge(self) -> None:
        left = WIDTH - 24 if self.from_right else 0
        self.pen.rectangle((left, 0, left + 23, HEIGHT), self.accent)

    def write(self, baseline: int, line: str, font: FreeTypeFont, colour: str) -> None:
        start, anchor = (RIGHT, "rs") if self.from_right else (LEFT, "ls")
        self.pen.text((start, baseline), line, colour, font, anchor=anchor)

    def byline(self, byline: Writing) -> int:
        """Returns how far down the title may reach."""
        font = byline.face.at(34)
        lines = _within(byline.words, font, 2)
        for number, line in enumerate(reversed(lines)):
            self.write(BOTTOM - 46 * number, line, font, MUTED)
        rule = BOTTOM - 46 * len(lines) - 20
        if lines:
            left = RIGHT - 72 if self.from_right else LEFT
            self.pen.line((left, rule, left + 72, rule), self.accent, 4)
        return min(rule, 500) - 20

    def title(self, title: Writing, bottom: int) -> None:
        for size, most in SIZES:
            font = title.face.at(size)
            # Rather small than broken.
            is_whole = all(_fits(piece, font) for piece in _pieces(title.words))
            if is_whole and len(list(_lines(title.words, font))) <= most:
                break
        lines = _within(title.words, font, most)
        step = round(size * LEADING)
        top = (TOP + 20 + bottom - step * len(lines)) / 2
        for number, line in enumerate(lines):
            self.write(round(top + step * number + size * 0.86), line, font, INK)


def is_from_right(text: str) -> bool:
    """Whether it runs from right to left: its first letter with a direction says so (UAX 9, P2)."""
    directions = (bidirectional(sign) for sign in text)
    return next((way for way in directions if way in {"L", "R", "AL"}), "L") != "L"


def _within(text: str, font: FreeTypeFont, most: int) -> list[str]:
    """`text` in at most so many lines; the last one is cut where more would be needed."""
    lines = list(_lines(text, font))
    if len(lines) > most:
        lines[most - 1 :] = [_cut("".join(lines[most - 1 : most + 1]).strip(), font)]
    return [line.strip() for line in lines]


def _lines(text: str, font: FreeTypeFont) -> Iterator[str]:
    """`text` in lines that fit, with the spaces between them; what fits in none is broken."""
    line = ""
    for piece in _pieces(text):
        if _fits(line + piece, font):
            line += piece
            continue
        if line:
            yield line
        line = piece
        while not _fits(line, font):
            end = _fitting(line, font)
            yield line[:end]
            line = line[end:]
    if line:
        yield line


def _fits(line: str, font: FreeTypeFont) -> bool:
    return font.getlength(line.strip()) <= RIGHT - LEFT


def _pieces(text: str) -> list[str]:
    """Between which a line may end: words with the space before them, or single Han letters."""
    return [piece for piece in PIECES.findall(text) if piece]


def _fitting(word: str, font: FreeTypeFont) -> int:
    """How many characters of `word` fit into a line, at least one."""
    width = 0.0
    for number, sign in enumerate(word):
        width += font.getlength(sign)
        if width > RIGHT - LEFT:
            return max(1, number)
    return len(word)


def _cut(text: str, font: FreeTypeFont) -> str:
    if _fits(text, font):
        return text
    while text and not _fits(text + "…", font):
        text = text[:-1]
    return text.rstrip() + "…"


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
