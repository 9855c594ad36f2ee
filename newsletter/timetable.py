"""When something that comes daily, weekly or monthly is due, in the site's own time.

A clock that is put forward skips an hour, and one that is put back has an hour twice. What is due
in the first comes an hour later by the clock; what is due in the second comes once, the first time
(PEP 495, fold=0).
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils.timezone import get_default_timezone

DAILY, WEEKLY, MONTHLY = "daily", "weekly", "monthly"
# From one month's day to the next, with room for the days between two zones.
FURTHEST = 64


@dataclass(frozen=True, slots=True)
class Timetable:
    """`weekday` counts from Monday, 0. A month that is shorter than `day` has it on its last."""

    every: str
    at: time
    weekday: int = 0
    day: int = 1

    def next(self, after: datetime) -> datetime:
        """The first time later than `after`."""
        start = after.astimezone(get_default_timezone()).date() - timedelta(days=1)
        return next(moment for moment in self._moments(start, 1) if moment > after)

    def latest(self, until: datetime) -> datetime:
        """The last time that is not later than `until`."""
        start = until.astimezone(get_default_timezone()).date() + timedelta(days=1)
        return next(moment for moment in self._moments(start, -1) if moment <= until)

    def _moments(self, start: date, step: int) -> Iterator[datetime]:
        days = (start + timedelta(days=step * number) for number in range(FURTHEST))
        return (self._moment(day) for day in days if self._is_on(day))

    def _is_on(self, day: date) -> bool:
        if self.every == WEEKLY:
            return day.weekday() == self.weekday
        if self.every == MONTHLY:
            return day.day == min(self.day, monthrange(day.year, day.month)[1])
        return True

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, self.at, get_default_timezone()).astimezone(UTC)
