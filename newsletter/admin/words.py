"""Numbers and times as the newsroom writes them."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext


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
        return gettext("less than a minute")
    hours, minutes = divmod(minutes, 60)
    words = {"hours": _hours(hours), "minutes": _minutes(minutes)}
    if hours and minutes:
        return gettext("%(hours)s and %(minutes)s") % words
    return words["hours"] if hours else words["minutes"]


def _hours(count: int) -> str:
    return ngettext("%(number)s hour", "%(number)s hours", count) % {"number": number(count)}


def _minutes(count: int) -> str:
    return ngettext("%(number)s minute", "%(number)s minutes", count) % {"number": number(count)}
