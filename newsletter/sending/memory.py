"""What this host remembers outside the database, to notice that the database was set back.

A backup that is put back in the same place looks like the database that was there before, and what
was sent since would be sent again. So the database counts how far the sending has come (Odometer),
and a line in VAR_DIR says how far it was when this host last looked: an odometer that went
backwards is that of an older database. docs/sending.md says who looks when.
"""

import logging
import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from blog.models import Limit
from newsletter.models import Digest, Issue, Odometer
from newsletter.models.odometer import Reading

logger = logging.getLogger("pennypost.newsletter")


class SetBackError(Exception):
    """The database is older than what this host remembers of it."""


def hold_if_set_back() -> bool:
    """Look at the odometer; where it is behind, hold whatever would go out by itself."""
    # In this order: another worker of this host may go on in between.
    remembered = _remembered()
    reading = Odometer.objects.read()
    if _is_behind(reading, remembered):
        logger.error("The database is older than what was sent from here: its issues are held.")
        hold()
        return True
    if reading and reading != remembered:
        remember(reading)
    return False


@transaction.atomic
def hold() -> int:
    """Let every issue and digest wait until a human says "go on here", who has the last word.

    Returns how many there are.
    """
    waiting = Issue.objects.under_way() | Issue.objects.scheduled()
    held = waiting.update(owner="") + Digest.objects.update(owner="")
    if remembered := _remembered():
        Odometer.objects.put_forward(remembered)
    return held


def advance() -> Reading:
    """Count what must not happen twice, within its transaction; raises SetBackError.

    What it returns is to be remembered when that is committed, and before it happens.
    """
    remembered = _remembered()
    reading = Odometer.objects.advance()
    before = Reading(reading.number, reading.far - 1) if reading.far > 1 else None
    if _is_behind(before, remembered):
        raise SetBackError
    return reading


def remember(reading: Reading) -> None:
    if _is_behind(reading, _remembered()):
        return  # another worker of this host has seen more
    try:
        new = _file().with_suffix(f".{os.getpid()}")
        new.write_text(f"{reading.number} {reading.far}\n")
        os.replace(new, _file())
    except OSError as fault:
        # The mails are worth more.
        if Limit.objects.allow("log: memory", most=1, within=timedelta(minutes=1)):
            logger.warning("How far the sending is could not be written down: %s", fault)


def _is_behind(reading: Reading | None, remembered: Reading | None) -> bool:
    """One that is missing altogether is behind too; another odometer is not."""
    if remembered is None:
        return False
    if reading is None:
        return True
    return reading.number == remembered.number and reading.far < remembered.far


def _remembered() -> Reading | None:
    try:
        number, far = _file().read_text().split()
        return Reading(number, int(far))
    except (OSError, ValueError):  # nothing was sent from here yet
        return None


def _file() -> Path:
    return settings.VAR_DIR / "sent"
