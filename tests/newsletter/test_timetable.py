"""When a digest is due, by the clock of the site."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from newsletter.timetable import Timetable

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()
    yield
    settings.TIME_ZONE = "UTC"
    timezone.get_default_timezone.cache_clear()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def following(table: Timetable, start: str, count: int) -> list[str]:
    """The times after `start`, as the clock on the wall shows them."""
    moment, found = local(start), []
    for _ in range(count):
        moment = table.next(moment)
        found.append(f"{moment.astimezone(BERLIN):%a %Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("table", "times"),
    [
        (
            Timetable("daily", time(9)),
            ["Mon 2026-11-30 09:00", "Tue 2026-12-01 09:00", "Wed 2026-12-02 09:00"],
        ),
        (
            Timetable("weekly", time(9), weekday=0),
            ["Mon 2026-11-30 09:00", "Mon 2026-12-07 09:00", "Mon 2026-12-14 09:00"],
        ),
        (
            Timetable("weekly", time(0, 30), weekday=6),
            ["Sun 2026-12-06 00:30", "Sun 2026-12-13 00:30", "Sun 2026-12-20 00:30"],
        ),
        (
            Timetable("monthly", time(9), day=1),
            ["Tue 2026-12-01 09:00", "Fri 2027-01-01 09:00", "Mon 2027-02-01 09:00"],
        ),
        (
            Timetable("monthly", time(23, 59), day=31),
            ["Mon 2026-11-30 23:59", "Thu 2026-12-31 23:59", "Sun 2027-01-31 23:59"],
        ),
    ],
)
def test_times_follow_each_other(table, times):
    assert following(table, "2026-11-29 12:00", 3) == times


def test_last_day_of_february_stands_for_the_thirtieth():
    table = Timetable("monthly", time(9), day=30)

    assert following(table, "2027-01-30 10:00", 2) == [
        "Sun 2027-02-28 09:00",
        "Tue 2027-03-30 09:00",
    ]


def test_time_itself_is_the_latest_and_not_the_next():
    table, nine = Timetable("daily", time(9)), local("2026-11-30 09:00")

    assert table.latest(nine) == nine
    assert table.next(nine) == nine + timedelta(days=1)
    assert table.latest(nine - timedelta(seconds=1)) == nine - timedelta(days=1)


def test_nine_stays_nine_when_the_clock_changes():
    table = Timetable("daily", time(9))

    assert following(table, "2026-10-24 10:00", 2) == [
        "Sun 2026-10-25 09:00",
        "Mon 2026-10-26 09:00",
    ]
    assert table.next(local("2026-10-24 10:00")) == datetime(2026, 10, 25, 8, tzinfo=UTC)


def test_hour_that_is_skipped_in_spring_comes_an_hour_later():
    table = Timetable("daily", time(2, 30))

    assert following(table, "2026-03-28 12:00", 2) == [
        "Sun 2026-03-29 03:30",
        "Mon 2026-03-30 02:30",
    ]


def test_hour_that_comes_twice_in_autumn_counts_once():
    table = Timetable("daily", time(2, 30))

    first = table.next(local("2026-10-24 12:00"))

    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert table.next(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
