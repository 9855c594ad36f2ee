"""Numbers as files for a spreadsheet, written while they are read."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from newsletter.cells import guarded
from newsletter.exports import BYTE_ORDER_MARK


class _Echo:
    """Gives back what a csv.writer writes."""

    def write(self, line: str) -> str:
        return line


def as_csv(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """No program calculates a cell of it, and all read it as UTF-8."""
    write = csv.writer(_Echo()).writerow
    lines = (write([_cell(value) for value in row]) for row in chain([columns], rows))
    file = StreamingHttpResponse(
        chain([BYTE_ORDER_MARK], lines), content_type="text/csv; charset=utf-8"
    )
    file.headers["Content-Disposition"] = str(content_disposition_header(True, name))
    file.headers["Cache-Control"] = "private, no-store"
    return file


def of_today(name: str) -> str:
    """`2026-05-01-readers.csv`"""
    return f"{timezone.localdate():%Y-%m-%d}-{name}.csv"


def _cell(value: object) -> object:
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value
