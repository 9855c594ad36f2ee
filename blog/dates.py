"""Which dates make sense: those that every database, browser and time zone can hold.

PostgreSQL keeps the year 1 and its driver cannot read it back; elsewhere the step into the site's
own time zone falls off the edge. One such row would break every page that lists it.
"""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext

EARLIEST, TOO_LATE = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def sensible(moment: datetime) -> None:
    """Raises ValidationError for a date that somebody can only have typed by mistake."""
    if not EARLIEST <= moment < TOO_LATE:
        raise ValidationError(gettext("Please choose a date between the years 1900 and 2200."))


def is_sensible(name: str) -> Q:
    """The same as a condition on the column `name`."""
    return Q(**{f"{name}__gte": EARLIEST, f"{name}__lt": TOO_LATE})
