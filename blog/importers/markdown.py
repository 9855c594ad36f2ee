"""A Markdown file, or a folder of them, with front matter as the contract names it."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.core.files.base import ContentFile
from markdown_it import MarkdownIt

from blog.images import MAX_BYTES, TOO_HEAVY
from blog.importers import ImportedPost, ImportFault
from blog.importers.front_matter import KNOWN, FrontMatter, split
from blog.text import clean_line, unique_slug_base

ENDINGS = {".md", ".markdown"}
# Ten times the longest body; a larger file is something else.
LARGEST = 2_000_000
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def files(path: Path) -> list[Path]:
    """The file itself, or the Markdown files in a folder and below; hidden ones are left out.

    Raises ImportFault where a folder cannot be read, instead of leaving its posts out.
    """
    if not path.is_dir():
        return [path]
    return sorted(_below(path))


def _below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if Path(name).suffix.lower() in ENDINGS and not name.startswith("."):
                yield Path(root, name)


def _refuse(error: OSError) -> None:
    raise ImportFault(str(error.filename), None, f"it cannot be read ({error.strerror})")


def read(file: Path, folder: Path) -> ImportedPost:
    """One post. Nothing outside of `folder` is read. Raises ImportFault."""
    source = file.relative_to(folder).as_posix()
    raw = _contents(source, file, folder, LARGEST)
    matter = split(source, _text(source, raw))
    title, body = _title(source, matter)
    values = {key: value for key, value in matter.values.items() if key in KNOWN}
    values |= {"title": title, "body": body}
    if reference := values.pop("cover", ""):
        cover = _cover(source, matter.lines["cover"], file.parent / reference, folder)
        values["cover"] = ContentFile(cover)
        values["cover_hash"] = hashlib.sha256(cover).hexdigest()
    whole = hashlib.sha256(raw + values.get("cover_hash", "").encode())
    return ImportedPost(
        source=source,
        hash=whole.hexdigest(),
        slug=values.pop("slug", "") or unique_slug_base(title),
        unknown={key: value for key, value in matter.values.items() if key not in KNOWN},
        lines=matter.lines | {"body": matter.body_line},
        **values,
    )


def _contents(source: str, file: Path, folder: Path, most: int) -> bytes:
    try:
        if not file.resolve().is_relative_to(folder.resolve()):
            raise ImportFault(source, None, "this link leads out of the folder")
        if not file.is_file():
            raise ImportFault(source, None, "there is no such file")
        if file.stat().st_size > most:
            raise ImportFault(source, None, f"this file is larger than {most // 1_000_000} MB")
        return file.read_bytes()
    except OSError as error:
        raise ImportFault(source, None, f"it cannot be read ({error.strerror})") from error


def _text(source: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ImportFault(source, line, "this is not UTF-8; save the file in UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ImportFault(source, line, "this is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cover(source: str, line: int, file: Path, folder: Path) -> bytes:
    try:
        return _contents(source, file, folder, MAX_BYTES)
    except ImportFault as fault:
        reason = str(fault).partition(": ")[2]
        reason = str(TOO_HEAVY) if "larger" in reason else reason
        raise ImportFault(source, line, f"cover: {reason}") from fault


def _title(source: str, matter: FrontMatter) -> tuple[str, str]:
    """The title, and the body without a first heading that only repeats it."""
    body = matter.body.strip("\n")
    heading, rest = _first_heading(body)
    title = clean_line(matter.values.get("title") or heading)
    if not title:
        line = matter.lines.get("title", matter.body_line)
        raise ImportFault(source, line, "there is no title and no heading to take for it")
    return title, rest if heading == title else body


def _first_heading(body: str) -> tuple[str, str]:
    """Its text, and the body after it; the whole body where something stands before it."""
    fence = ""
    for number, line in enumerate(lines := body.split("\n")):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and (heading := HEADING.match(line)):
            opens = heading[1] == "#" and not "".join(lines[:number]).strip()
            rest = "\n".join(lines[number + 1 :]).strip("\n")
            return _plain(heading[2]), rest if opens else body
    return "", body


def _plain(heading: str) -> str:
    """A heading without the stars and links that a title cannot have."""
    [inline] = MarkdownIt("commonmark").parseInline(heading[:1000])
    children = inline.children or []
    return clean_line("".join(child.content for child in children if child.type != "html_inline"))
