"""A CSV file as programs write it: whatever its encoding, separator and line ends.

Nothing is ever read whole, and nothing is guessed that could be told from the file.
"""

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext

from newsletter.cells import unguarded

BLOCK = 1 << 20
SEPARATORS = ",;\t|"
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# How other programs call what we keep, in lower case with spaces only.
NAMES = {
    "email": "email|e mail|mail|email address|e mail address|emailaddress|address|subscriber email",
    "status": "status|state|subscriber status|member status|subscribed|subscribed to emails|"
    "subscriber type",
    "receives_everything": "receives everything",
    "topics": "topics|topic|categories|category",
    "created_at": "created at|created|signed up|sign up date|signup date|subscribed at|"
    "subscription date|optin time|date added",
    "confirmed_at": "confirmed at|confirmed|confirm time|confirmation date",
    "unsubscribed_at": "unsubscribed at|unsubscribed|unsub time|unsubscribe date",
    "suppressed_for": "suppressed for|suppressed",
}
MEANINGS = {name: meant for meant, names in NAMES.items() for name in names.split("|")}


class TableFault(Exception):
    """Nothing of the file can be read. The text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    line: int
    # By the names of newsletter.cells.COLUMNS; what the file does not have is missing.
    cells: dict[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What one reading of the bytes tells."""

    encoding: str
    digest: str
    lines: int


def look(path: Path) -> Look:
    """Read the file once; raises OSError."""
    digest, lines, utf8 = hashlib.sha256(), 0, codecs.getincrementaldecoder("utf-8")()
    is_utf8, start = True, b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            start = start or block[:4096]
            digest.update(block)
            lines += block.count(b"\n") or block.count(b"\r")
            is_utf8 = is_utf8 and _decodes(utf8, block)
    is_utf8 = is_utf8 and _decodes(utf8, b"", final=True)
    return Look(_encoding(start, is_utf8=is_utf8), digest.hexdigest(), lines + 1)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(start: bytes, *, is_utf8: bool) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    # Text in the Latin alphabet has a zero in every other byte of UTF-16, and none in UTF-8.
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) // 4:
        return "utf-16-be"
    return "utf-8" if is_utf8 else "latin-1"


def records(path: Path, encoding: str) -> Iterator[Record]:
    """The records below the heading; raises TableFault where there are no addresses."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        separator, skipped = _separator(file.readline())
        file.seek(0)
        rows = _rows(csv.reader(file, delimiter=separator))
        for _ in range(skipped):
            next(rows)
        columns: list[str | None] | None = None
        for line, cells, fault in rows:
            if columns is None:
                columns = _heading(cells)
                if columns is None:
                    columns = _without_heading(cells)
                else:
                    continue
            named = {name: unguarded(cell) for name, cell in zip(columns, cells) if name}  # noqa: B905
            yield Record(line, named, fault)


def _separator(first: str) -> tuple[str, int]:
    """The separator of the file's first line; 1 where that line only says which it is."""
    if first.lower().startswith("sep=") and len(first.strip("\r\n")) == 5:
        return first[4], 1
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count), 0


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str], str]]:
    """Each row that has something in it, with the line that it begins on."""
    while True:
        line = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], gettext("it cannot be read: %(error)s") % {"error": error}
        else:
            if any(cell.strip() for cell in cells):
                yield line, cells, ""


def _heading(cells: list[str]) -> list[str | None] | None:
    """What each column means; None where this is no heading."""
    if any("@" in cell for cell in cells):
        return None
    columns: list[str | None] = []
    for cell in cells:
        name = " ".join(cell.replace("_", " ").replace("-", " ").lower().split())
        meant = MEANINGS.get(name)
        # The first of two columns with the same meaning counts.
        columns.append(meant if meant not in columns else None)
    return columns if "email" in columns else None


def _without_heading(cells: list[str]) -> list[str | None]:
    if len(cells) == 1:
        return ["email"]
    for place, cell in enumerate(cells):
        if "@" in cell:
            return [None] * place + ["email"]
    raise TableFault(gettext("No column holds addresses: its first line should name one “email”."))
