"""Numbers and times as the newsroom writes them."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, number_format


def number(value: float) -> str:
    return number_format(value, force_grouping=True)


def moment(time: datetime | None) -> str:
    return date_format(timezone.localtime(time), "DATETIME_FORMAT") if time else "–"


def day(time: datetime) -> str:
    return date_format(timezone.localtime(time), "SHORT_DATE_FORMAT")


def short(time: datetime) -> str:
    return date_format(timezone.localtime(time), "SHORT_DATETIME_FORMAT")


def duration(span: timedelta) -> str:
    """`less than a minute`, `12 minutes`, `3 hours and 20 minutes`."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    parts = [_some(hours, "hour"), _some(minutes, "minute")]
    return " and ".join(part for part in parts if part)


def _some(count: int, noun: str) -> str:
    return "" if not count else f"{count} {noun}" if count == 1 else f"{number(count)} {noun}s"
