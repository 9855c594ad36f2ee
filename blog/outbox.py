"""Sending what waits: the only place that hands mail to one person over to a mail server.

docs/outgoing-mail.md tells the whole story. Nothing here runs inside a transaction: a mail server
may take a minute to answer, and the outcome of a mail that left must not be rolled back.
"""

import logging
import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.policy import SMTP
from traceback import format_exc
from typing import Any

from django.core.mail import EmailMessage, mailers
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext

from blog.models import Limit, Outgoing
from blog.models.outgoing import OutgoingQuerySet
from blog.text import clean_line

# Turns a row into its message.
type Write = Callable[[Any], EmailMessage]

logger = logging.getLogger("pennypost.mail")

GAPS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
GIVE_UP_AFTER = timedelta(days=2)
# While the server cannot be reached nobody's mail is tried more often than this.
PAUSE = timedelta(minutes=1)
ADDRESS = re.compile(r"[^\s<>\"'(]+@[^\s<>\"')]+")
# 421: the server is closing; 530 to 538: it wants us to sign in, or to do it in another way.
SERVER_WIDE = {421, 530, 534, 535, 538}


class Skip(Exception):
    """Raised while a mail is written: nobody is to get it. The text says why."""


class Later(Exception):
    """Raised while a mail is written: it must wait until a given time."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class Unreachable(Exception):
    """The mail server takes nothing at all now; whose mail it was has nothing to do with it."""


class Refused(Exception):
    """The server will not take this mail; `for_good` says whether trying again is any use."""

    def __init__(self, reply: str, *, for_good: bool) -> None:
        super().__init__(reply)
        self.for_good = for_good


class Line:
    """One connection to the mail server. `taken` counts the mails that it took over it."""

    def __init__(self) -> None:
        self.connection = mailers.default
        self.taken = 0

    def send(self, message: EmailMessage) -> None:
        """Raises Refused or Unreachable where the mail is not taken."""
        with _faults_sorted():
            self.connection.open()
            self.connection.send_messages([message])
        self.taken += 1

    def hang_up(self) -> None:
        with suppress(OSError):
            self.connection.close()
        self.taken = 0


def deliver(rows: OutgoingQuerySet, write: Write, *, most: int = 50) -> int:
    """Send up to `most` rows that are due, over one connection; returns how many were due.

    `write` turns a row into its message; it may raise Skip or Later.
    """
    due = list(rows.due().order_by("due_at", "pk")[:most])
    line = Line()
    try:
        for row in due:
            if rows.claim(row) and (message := _written(row, write)):
                _send(rows, row, message, line)
    except Unreachable as fault:
        _wait_for_server(rows, str(fault))
    finally:
        line.hang_up()
    return len(due)


def _send(rows: OutgoingQuerySet, row: Outgoing, message: EmailMessage, line: Line) -> None:
    """Hand one message over; raises Unreachable where it is no use to try another one."""
    try:
        line.send(message)
    except Refused as refusal:
        if refusal.for_good:
            row.settle(Outgoing.Status.FAILED, str(refusal))
        else:
            _postpone(row, timezone.now() + gap(row.attempts), str(refusal))
    except Unreachable as fault:
        if line.taken:
            # Many servers take so many mails a connection: the rest goes over a new one.
            line.hang_up()
            row.postpone(timezone.now(), str(fault))
            return
        # The others wait only a minute, and this one longer each time: should its own text be
        # what the server chokes on, it soon stands behind everybody else.
        _postpone(row, timezone.now() + gap(row.attempts), str(fault))
        raise
    else:
        row.settle(Outgoing.Status.SENT)


def _written(row: Outgoing, write: Write) -> EmailMessage | None:
    """The row's message; None where it will not be sent now, which the row then says."""
    try:
        message = write(row)
        # Bad headers and text that cannot be encoded show here, where only this row is at fault.
        message.message(policy=SMTP)
        if len(message.recipients()) != 1:
            raise ValueError("A message has exactly one recipient.")
    except Skip as reason:
        row.settle(Outgoing.Status.SKIPPED, str(reason))
    except Later as reason:
        _postpone(row, reason.until, str(reason), otherwise=Outgoing.Status.SKIPPED)
    except (OperationalError, InterfaceError):
        raise  # the database's fault, not the message's: the lease brings the row back
    except Exception as fault:
        # Not with exc_info: the text of an exception may hold somebody's address.
        trace = ADDRESS.sub("…", format_exc())
        logger.error("A message could not be written: %s %s: %s", row._meta.label, row.pk, trace)
        row.settle(
            Outgoing.Status.FAILED,
            gettext("It could not be written (%(fault)s).") % {"fault": type(fault).__name__},
        )
    else:
        return message
    return None


@contextmanager
def _faults_sorted() -> Iterator[None]:
    """Whatever a mail server or the way to it can do to us, as Refused or Unreachable."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as fault:
        [(code, reply)] = fault.recipients.values()
        raise _refusal(code, reply) from fault
    except smtplib.SMTPDataError as fault:
        raise _refusal(fault.smtp_code, fault.smtp_error) from fault
    except smtplib.SMTPResponseException as fault:  # at the greeting, sign-in or sender
        raise Unreachable(said(fault.smtp_code, fault.smtp_error)) from fault
    except OSError as fault:  # the rest of smtplib; no route, no name, bad certificate, timeout
        raise Unreachable(f"{type(fault).__name__}: {scrub(str(fault))}") from fault
    except Exception as fault:  # a mail service's own kind, over its HTTP interface
        raise Refused(f"{type(fault).__name__}: {scrub(str(fault))}", for_good=False) from fault


def _refusal(code: int, reply: bytes | str) -> Exception:
    if code in SERVER_WIDE:
        return Unreachable(said(code, reply))
    return Refused(said(code, reply), for_good=code >= 500)


def _wait_for_server(rows: OutgoingQuerySet, fault: str) -> None:
    rows.due().update(due_at=timezone.now() + PAUSE)
    if Limit.objects.allow("log: mail server", most=1, within=PAUSE):
        logger.warning("The mail server takes no mail: %s", fault)


def _postpone(
    row: Outgoing,
    until: datetime,
    reply: str,
    otherwise: Outgoing.Status = Outgoing.Status.FAILED,
) -> None:
    if until > row.created_at + GIVE_UP_AFTER:
        row.settle(otherwise, reply)
    else:
        row.postpone(until, reply)


def gap(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return GAPS[min(attempts, len(GAPS)) - 1]


def said(code: int, reply: bytes | str) -> str:
    """A server's answer as it may be kept: `550 5.1.1 No such user`."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    return f"{code} {scrub(text)}".strip()


def scrub(text: str) -> str:
    """One line without e-mail addresses: a reply is read by people who may not see them."""
    return ADDRESS.sub("…", clean_line(text))[:500]
