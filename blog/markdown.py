"""Markdown (a stand-in with the final face; the real one replaces this file)."""

from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt

VERSION = 1
MAX_LENGTH = 200_000


@dataclass
class Rendered:
    html: str
    text: str
    toc: list[Any] = field(default_factory=list)
    words: int = 0


def render(source: str) -> Rendered:
    return Rendered(html=MarkdownIt("commonmark", {"html": False}).render(source), text=source)


def excerpt(text: str) -> str:
    return text[:200]
