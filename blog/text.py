"""Text cleaning (a stand-in with the final face; the real one replaces this file)."""

import re

from django.utils.text import slugify


def clean(text: str) -> str:
    return text.replace("\r\n", "\n")


def clean_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def unique_slug_base(title: str) -> str:
    return slugify(title, allow_unicode=True)[:80] or "post"
