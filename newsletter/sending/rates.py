"""Keeping to the rates of SEND_RATE, over all workers: see newsletter/models/pace.py."""

from django.conf import settings

from newsletter import clock
from newsletter.models.pace import Pace
from newsletter.rate import Rate


def rates() -> list[Rate]:
    return Rate.parse_all(settings.SEND_RATE)


def take(wanted: int) -> int:
    """Take up to `wanted` places; returns how many mails may leave now.

    Needs a transaction: the rows stay locked to its end, so two workers never take one place.
    """
    limits = rates()
    if not limits:
        return wanted
    paces = [(rate, _locked(rate)) for rate in limits]
    now = clock.now().timestamp()
    room = min([wanted, *(_room(rate, pace.free_at, now) for rate, pace in paces)])
    for rate, pace in paces:
        pace.free_at = max(pace.free_at, now) + room * rate.gap
        pace.save(update_fields=["free_at"])
    return room


def seconds_until_free() -> float:
    """How long until the next mail may leave; 0 where it may now."""
    limits = rates()
    if not limits:
        return 0.0
    free_at = dict(Pace.objects.values_list("rate", "free_at"))
    starts = [free_at.get(str(rate), 0.0) - (rate.burst - 1) * rate.gap for rate in limits]
    return max(0.0, max(starts) - clock.now().timestamp())


def _room(rate: Rate, free_at: float, now: float) -> int:
    """Places that are free at `now`: one for each gap up to the end of the burst."""
    ahead = max(free_at, now) - now
    # A hair's breadth, so that a mail that is due exactly now is not put off by rounding.
    return max(0, int((rate.burst * rate.gap - ahead) / rate.gap + 1e-6))


def _locked(rate: Rate) -> Pace:
    Pace.objects.get_or_create(rate=str(rate))
    return Pace.objects.select_for_update().get(rate=str(rate))
