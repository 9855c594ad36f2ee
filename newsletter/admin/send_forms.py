"""What is asked before an issue is sent."""

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext

from blog.dates import sensible
from newsletter import addresses
from newsletter.addresses import Address

MOST_TESTS = 5


class ScheduleForm(forms.Form):
    """A day and a time by the clocks of the site's zone."""

    day = forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    time = forms.TimeField(widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "day" in cleaned and "time" in cleaned:
            cleaned["at"] = _moment(datetime.combine(cleaned["day"], cleaned["time"]))
        return cleaned


class TryForm(forms.Form):
    addresses = forms.CharField(max_length=1000)

    def clean_addresses(self) -> list[Address]:
        words = [word for word in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if word]
        found = {address.key: address for address in map(addresses.parse, words)}
        if len(found) > MOST_TESTS:
            raise ValidationError(
                gettext("Up to %(most)s addresses at once, please.") % {"most": MOST_TESTS}
            )
        return list(found.values())


def _moment(wall: datetime) -> datetime:
    """The moment at which the clocks show `wall`; refused where they never do, or do so twice."""
    sensible(wall.replace(tzinfo=UTC))
    zone = timezone.get_current_timezone()
    at = wall.replace(tzinfo=zone)
    words = {
        "day": date_format(wall),
        "time": time_format(wall),
        "zone": timezone.get_current_timezone_name(),
    }
    if at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise ValidationError(
            gettext(
                "On %(day)s there is no %(time)s in %(zone)s: the clocks are put forward. "
                "Choose another time."
            )
            % words
        )
    if at.utcoffset() != at.replace(fold=1).utcoffset():
        raise ValidationError(
            gettext(
                "On %(day)s it is %(time)s in %(zone)s twice: the clocks are put back. "
                "Choose another time."
            )
            % words
        )
    if at <= timezone.now():
        raise ValidationError(gettext("That time has passed. Choose one to come, or send it now."))
    return at
