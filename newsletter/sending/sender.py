"""Finds what there is to send. The worker calls `Sender.work()` again and again, in a thread."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError

from blog.models import Heartbeat, Limit
from blog.outbox import scrub
from newsletter import installation
from newsletter.grain import SMTP
from newsletter.letters import Letter
from newsletter.models import FrozenMail, Issue
from newsletter.sending import backend, issues, ledger, memory
from newsletter.sending.due import start_if_due
from newsletter.sending.engine import End, Engine
from newsletter.sending.freezing import freeze_next
from newsletter.smtp import Server

logger = logging.getLogger("pennypost.newsletter")

# Heartbeats that the newsroom reads.
AWAY, TAKING = "newsletter: mail server away", "newsletter: mail server"
LONGEST_PAUSE = 60.0


class Sender:
    def __init__(self, stop: Callable[[], bool]) -> None:
        self.stop = stop
        self._pause, self._away_until = 1.0, 0.0

    def work(self) -> bool:
        """Do what there is to do; returns whether anything was done.

        What is wrong with one issue does not hold up the others; it is raised when they had
        their turn.
        """
        memory.hold_if_set_back()
        done = ledger.take_from_the_dead() + issues.skip_cancelled()
        faults: list[Exception] = []
        for step in self._steps():
            if self.stop():
                break
            try:
                done += step()
            except (OperationalError, InterfaceError):
                raise  # the database is away, for all of them
            except Exception as fault:
                faults.append(fault)
        if faults:
            raise faults[0]
        return bool(done)

    def _steps(self) -> Iterator[Callable[[], bool]]:
        here = installation.identity()
        for issue in Issue.objects.scheduled():
            yield partial(start_if_due, issue, here)
        for issue in Issue.objects.unfinished().filter(owner=here).order_by("started_at"):
            yield partial(self._work_on, issue)

    def _work_on(self, issue: Issue) -> bool:
        if issue.frozen_at is None:
            while not self.stop() and freeze_next(issue):
                pass
            return True
        if time.monotonic() < self._away_until or not ledger.has_due(issue):
            return False
        run = self._run(issue)
        self._note(issue, run.run(), run.reason)
        return True

    def _run(self, issue: Issue) -> "Engine | backend.Caller":
        letter = Letter(FrozenMail.objects.select_related("issue").get(issue=issue))
        server = mail_server()
        if server is None:
            return backend.Caller(issue, letter, self.stop)
        return Engine(issue, letter, server, settings.SEND_CONNECTIONS, self.stop)

    def _note(self, issue: Issue, end: End, reason: str) -> None:
        if end is End.UNREACHABLE:
            self._away_until = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            Heartbeat.objects.beat(AWAY)
            if Limit.objects.allow("log: newsletter", most=1, within=timedelta(minutes=1)):
                logger.warning("The mail server takes no issues: %s", scrub(reason))
            return
        self._pause, self._away_until = 1.0, 0.0
        if end is End.REFUSED:
            logger.error("Issue %s was paused: %s", issue.pk, scrub(reason))
            issues.pause_by_itself(issue, scrub(reason))
        else:
            Heartbeat.objects.beat(TAKING)


def mail_server() -> Server | None:
    """Where issues go by SMTP; None where the site's mailer is of another kind."""
    mailer = settings.MAILERS["default"]
    if mailer["BACKEND"] != SMTP:
        return None
    options = mailer["OPTIONS"]
    return Server(
        host=options["host"],
        port=options["port"],
        username=options["username"],
        password=options["password"],
        starttls=options.get("use_tls", False),
        tls=options.get("use_ssl", False),
        timeout=settings.SEND_TIMEOUT,
        own_name=urlsplit(settings.SITE_URL).hostname or "localhost",
    )
