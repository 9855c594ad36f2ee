"""What the words on a picture are drawn with: Literata, or for other scripts a font of the host.

Literata is packaged and has Latin, Greek and Cyrillic. Fonts of every script would be larger than
the program, so the host is asked for one, through fontconfig's `fc-match`.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from PIL import ImageFont, features

FONTS = Path(__file__).parent / "fonts"
LIGHT, BOLD = 400, 600
# The same two as fontconfig counts them.
WEIGHTS = {LIGHT: 80, BOLD: 200}
# The most that is waited for the host's answer, in seconds, and the most letters it is asked for.
PATIENCE, MOST = 5, 200
# A font without a character draws what it draws for this one, which stands for none.
NOBODY = "\U0010fffe"
# They change how the pictograph before them looks or join it to the next, and show nothing.
INVISIBLE = {*"\ufe0e\ufe0f\u20e3\u200d"}


@dataclass(frozen=True)
class Typeface:
    """A font in one weight: a file, and which of the fonts in it."""

    file: str
    index: int = 0

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Raises OSError where the file is none that can be drawn with."""
        return ImageFont.truetype(self.file, size, index=self.index)

    def lacks(self, text: str) -> set[str]:
        """The characters that it would draw as a box, or not at all."""
        font = self.at(16)
        none = bytes(font.getmask(NOBODY))
        shown = {*"".join(text.split())} - INVISIBLE
        return {sign for sign in shown if bytes(font.getmask(sign)) == none}


LITERATA = {weight: Typeface(str(FONTS / f"literata-{weight}.woff2")) for weight in WEIGHTS}


@dataclass(frozen=True)
class Writing:
    """Words that can be drawn, none where no font has their letters, and with what."""

    words: str
    face: Typeface


def writing(text: str, weight: int, language: str = "") -> Writing:
    """`text` without its pictographs. Its language (a BCP 47 tag) chooses between Han letters."""
    face = LITERATA[weight]
    if not _is_readable_without(lacking := face.lacks(text)):
        other = of_host(text, weight, language)
        if other is None or not _is_readable_without(lacking := other.lacks(text)):
            return Writing("", face)
        face = other
    kept = (sign for sign in text if sign not in lacking | INVISIBLE)
    return Writing(" ".join("".join(kept).split()), face)


def of_host(text: str, weight: int, language: str) -> Typeface | None:
    """The host's best font for these letters, which may still lack some."""
    # Without it letters that join, or run from the right, would be drawn apart and from the left.
    if not (features.check("raqm") and (program := shutil.which("fc-match"))):
        return None
    letters = sorted({f"{ord(sign):x}" for sign in text if category(sign)[0] not in "SCZ"})[:MOST]
    parts = ["serif", f"charset={' '.join(letters)}", f"weight={WEIGHTS[weight]}", "scalable=true"]
    if re.fullmatch(r"[A-Za-z0-9-]+", language):
        parts.append(f"lang={_as_fontconfig(language)}")
    command = [program, "--format", r"%{index}\t%{file}", ":".join(parts)]
    try:
        found = subprocess.run(  # noqa: S603  # of what was written only numbers are in it
            command, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        index, _, file = found.stdout.partition("\t")
        # Above 65,535 stands which of its weights a font with many has.
        face = Typeface(file, int(index) & 0xFFFF)
        # In a size that no font has that is made of dots.
        face.at(93)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return face


def _as_fontconfig(language: str) -> str:
    """It knows scripts of Chinese by countries alone."""
    return {"zh-hans": "zh-cn", "zh-hant": "zh-tw"}.get(language.lower(), language.lower())


def _is_readable_without(lacking: set[str]) -> bool:
    """Symbols may be left out, letters may not."""
    return all(category(sign)[0] in "SC" for sign in lacking)
