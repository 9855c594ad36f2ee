"""What this host remembers of the ledger outside the database, to notice that it was set back.

A backup that is put back in the same place looks like the database that was there before. What was
sent since would be sent again, so one line in VAR_DIR says how far the newest sending had come: a
mail that was sent is sent for ever, and a database that knows of fewer is an older one.
"""

import logging
import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from newsletter import installation
from newsletter.models import Delivery, Digest, Issue

logger = logging.getLogger("pennypost.newsletter")


def remember(issue: Issue) -> None:
    """Write down how many mails of `issue`, the newest that something was sent of, have left."""
    try:
        line = f"{installation.identity()} {issue.pk} {_sent(issue.pk)}\n"
        # Another worker of this host may be writing too.
        new = _file().with_suffix(f".{os.getpid()}")
        new.write_text(line)
        os.replace(new, _file())
    except (OSError, DatabaseError, InterfaceError) as fault:
        # The mails are worth more; the next time it may be possible.
        logger.warning("How far issue %s is could not be written down: %s", issue.pk, fault)


def hold_if_set_back() -> bool:
    """Let all that would go out by itself wait for a human, where the database is an older one."""
    if not _is_set_back():
        return False
    here = installation.identity()
    waiting = Issue.objects.under_way() | Issue.objects.scheduled()
    waiting.filter(owner=here).update(owner="")
    Digest.objects.filter(owner=here).update(owner="")
    logger.error("The database is older than what was sent from here: its issues are held.")
    # Whoever says "go on here" has the last word.
    forget()
    return True


def forget() -> None:
    _file().unlink(missing_ok=True)


def _is_set_back() -> bool:
    try:
        identity, issue, sent = _file().read_text().split()
    except (OSError, ValueError):  # nothing was sent from here yet
        return False
    return identity == installation.identity() and _sent(int(issue)) < int(sent)


def _sent(issue: int) -> int:
    return Delivery.objects.filter(issue=issue, status=Delivery.Status.SENT).count()


def _file() -> Path:
    return settings.VAR_DIR / "sent"
