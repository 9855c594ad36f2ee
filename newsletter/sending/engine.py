"""Ledger and connections together: sends one issue until nothing is due, or something stops it."""

import selectors
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils.translation import gettext

from newsletter.letters import Letter, Reader
from newsletter.models import Issue
from newsletter.sending import ledger, rates, verdicts
from newsletter.sending.ledger import Claim, Outcome
from newsletter.sending.verdicts import Blame, Refusals, Verdict
from newsletter.signing import signed
from newsletter.smtp import (
    GOING_AWAY,
    Accepted,
    CannotOpenError,
    Connection,
    Event,
    Lost,
    Mail,
    Replied,
    Server,
    connect,
)

# Rows claimed at once: enough that claiming costs little, few enough that two workers share the end
# of an issue and a crash delays few.
CLAIM = 250
# A mail that could leave waits this long for others that could leave with it: one flush for all.
LINGER = 0.0015
# Connections lost in a row, after which the server is as good as away.
MOST_LOSSES = 16
# Seconds that a stop leaves a server to answer what it was given, and a lost database to return.
PATIENCE = 15.0
# Longest sleep: a pause, a stop and the leases are looked after in between.
TICK = 0.5


class End(Enum):
    """Why a run is over."""

    NOTHING_DUE = "nothing due"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # the issue must pause


@dataclass(slots=True, eq=False)
class _Job:
    claim: Claim
    reader: Reader
    connection: Connection
    content: bytes = b""
    since: float = 0.0


@dataclass(slots=True, eq=False)
class Engine:
    """One run. `stop` is asked often; where it says yes, what is on its way is still settled."""

    issue: Issue
    letter: Letter
    server: Server
    most_connections: int
    stop: Callable[[], bool]

    reason: str = ""
    _end: End | None = None
    _waiting: deque[Claim] = field(default_factory=deque)
    _jobs: dict[Mail, _Job] = field(default_factory=dict)
    _ready: list[_Job] = field(default_factory=list)
    _outcomes: list[Outcome] = field(default_factory=list)
    _outcomes_since: float = 0.0
    # Of all selectors the one that wakes within less than a millisecond; there are few connections.
    _selector: selectors.BaseSelector = field(default_factory=selectors.SelectSelector)
    _connections: set[Connection] = field(default_factory=set)
    _dry: bool = False
    _full: bool = False
    _held_back_until: float = 0.0
    _renew_at: float = 0.0
    _refusals: Refusals = field(default_factory=Refusals)
    _losses: int = 0
    _has_taken: bool = False
    _returned: list[Claim] = field(default_factory=list)
    _give_up_at: float = 0.0

    def run(self) -> End:
        """Send what is due; returns why it ended. `reason` says more about a bad end."""
        try:
            while not self._is_over():
                self._renew()
                self._hand_out()
                self._listen()
                if self._should_commit():
                    self._commit()
                    self._claim_ahead()
        finally:
            self._finish()
        return self._end or self._quiet_end()

    def _quiet_end(self) -> End:
        """Of few mails not one taken says as much as many losses in a row."""
        is_away = self._losses and not self._has_taken
        return End.UNREACHABLE if is_away else End.NOTHING_DUE

    def _is_over(self) -> bool:
        if self._end is not End.STOPPED and self.stop():
            self._end, self._give_up_at = End.STOPPED, time.monotonic() + PATIENCE
        if self._end:
            self._withdraw_ready()
        if self._end is End.STOPPED and time.monotonic() >= self._give_up_at:
            self._hang_up()
        busy = bool(self._jobs or self._outcomes)
        return not busy and (self._end is not None or (self._dry and not self._waiting))

    # --- Giving every connection something to do ---------------------------------------------

    def _hand_out(self) -> None:
        if self._end or not self._may_leave():
            return
        while self._has_more() and (connection := self._free_connection()):
            claim = self._waiting.popleft()
            reader = Reader(claim.delivery, claim.email, claim.token)
            mail = Mail(self.letter.envelope_sender(reader), claim.email)
            self._jobs[mail] = _Job(claim, reader, connection)
            connection.offer(mail)

    def _has_more(self) -> bool:
        if not self._waiting:
            self._claim()
        return bool(self._waiting)

    def _claim_ahead(self) -> None:
        """While the server is busy with what was just let go, and not when it waits for us."""
        if not self._end and len(self._waiting) < self.most_connections:
            self._claim()

    def _claim(self) -> None:
        if not self._dry:
            claims = patiently(ledger.claim, self.issue, CLAIM)
            self._waiting.extend(claims)
            self._dry = not claims

    def _free_connection(self) -> Connection | None:
        for connection in self._connections:
            if connection.wants_mail:
                return connection
        if len(self._connections) < self.most_connections and not self._full:
            return self._open()
        return None

    def _open(self) -> Connection | None:
        """One more connection. A server that takes no more of them is no fault while one works."""
        self._clear_closed()
        try:
            connection = connect(self.server)
        except CannotOpenError as fault:
            if self._connections:
                self._full = True
            elif fault.code in verdicts.SIGN_IN:
                self._stop(End.REFUSED, str(fault))
            else:
                self._stop(End.UNREACHABLE, str(fault))
            return None
        self._connections.add(connection)
        self._selector.register(connection, selectors.EVENT_READ)
        return connection

    def _may_leave(self) -> bool:
        """Whether the rates have room: an envelope is not opened long before its mail may leave."""
        if time.monotonic() < self._held_back_until:
            return False
        pause = patiently(rates.seconds_until_free)
        self._held_back_until = time.monotonic() + pause
        return not pause

    # --- What the servers say -------------------------------------------------------------------

    def _listen(self) -> None:
        self._clear_closed()
        for key, _ in self._selector.select(self._patience()):
            connection = key.fileobj
            assert isinstance(connection, Connection)  # noqa: S101
            self._attend(connection, readable=True)
        now = time.monotonic()
        for connection in list(self._connections):
            if connection.needs_attention(now):
                self._attend(connection, readable=False)

    def _patience(self) -> float:
        now = time.monotonic()
        times = [now + TICK, *(t for c in self._connections if (t := c.wakes_at()) is not None)]
        if self._ready or self._outcomes:
            times.append(self._oldest() + LINGER)
        if any(connection.wants_to_write for connection in self._connections):
            times.append(now + 0.001)
        if self._held_back_until > now and not self._end:
            times.append(self._held_back_until)
        return max(0.0, min(times) - now)

    def _attend(self, connection: Connection, *, readable: bool) -> None:
        for event in connection.attend(readable=readable):
            self._note(event)
        if connection.closed:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            self._selector.unregister(connection)
            self._full = False

    def _clear_closed(self) -> None:
        """The selector refuses a closed socket; and the system gives its number to the next one,
        by which the selector knows both.
        """
        for connection in [connection for connection in self._connections if connection.closed]:
            self._attend(connection, readable=False)

    def _hang_up(self) -> None:
        """The time to stop is over: who has not answered leaves a doubt."""
        for connection in list(self._connections):
            for event in connection.abandon(gettext("The worker had to stop.")):
                self._note(event)
            self._forget(connection)

    def _note(self, event: Event) -> None:
        job = self._jobs[event.mail]
        match event:
            case Accepted():
                self._prepare(job)
            case Replied():
                self._end_job(job, event.mail, verdicts.on_reply(event, job.claim.attempts))
                if event.code == GOING_AWAY:
                    self._note_loss(event.text)
            case Lost():
                self._end_job(job, event.mail, verdicts.on_loss(event, job.claim.attempts))
                self._note_loss(event.reason)

    def _prepare(self, job: _Job) -> None:
        """Write the mail before it is marked: one that cannot be written is no doubtful one."""
        try:
            job.content = signed(self.letter.pour(job.reader))
        except Exception as fault:
            mail = job.connection.envelope
            job.connection.withdraw()
            assert mail is not None  # noqa: S101
            words = gettext("It could not be written (%(fault)s).") % {
                "fault": type(fault).__name__
            }
            self._end_job(job, mail, Verdict(ledger.Status.FAILED, words, Blame.MAIL))
            return
        job.since = time.monotonic()
        self._ready.append(job)

    def _end_job(self, job: _Job, mail: Mail, verdict: Verdict) -> None:
        del self._jobs[mail]
        if job in self._ready:
            self._ready.remove(job)
        if not self._outcomes:
            self._outcomes_since = time.monotonic()
        self._outcomes.append(Outcome(job.claim, verdict))
        self._judge(verdict)

    def _judge(self, verdict: Verdict) -> None:
        if why := self._refusals.why_to_pause(verdict):
            self._stop(End.REFUSED, why)
        elif verdict.status == ledger.Status.SENT:
            self._losses, self._has_taken = 0, True

    def _note_loss(self, reason: str) -> None:
        """A server that keeps hanging up is as good as away; one lost connection is nothing."""
        self._losses += 1
        if self._end is None:
            self.reason = reason
        if self._losses >= MOST_LOSSES:
            self._stop(End.UNREACHABLE, reason)

    def _stop(self, end: End, reason: str) -> None:
        if self._end is None:
            self._end, self.reason = end, reason

    # --- The ledger ----------------------------------------------------------------------------

    def _should_commit(self) -> bool:
        if not (self._ready or self._outcomes):
            return False
        still_talking = any(
            connection.in_hand or connection.envelope for connection in self._connections
        ) and len(self._ready) < len(self._jobs)
        return not still_talking or time.monotonic() >= self._oldest() + LINGER

    def _oldest(self) -> float:
        times = [self._outcomes_since] if self._outcomes else []
        return min([*times, *(job.since for job in self._ready)])

    def _commit(self) -> None:
        """Settle what is over, mark what is ready; then let it go, unless the end came first."""
        if self._end:
            self._withdraw_ready()
        outcomes, self._outcomes = self._outcomes, []
        ready, self._ready = self._ready, []
        wanted = [job.claim for job in ready]
        may_leave, must_not = patiently(ledger.commit, outcomes, wanted)
        for job in ready:
            if job.claim.delivery in may_leave:
                job.connection.go(job.content)
            else:
                self._take_back(job, again=job.claim.delivery not in must_not)

    def _take_back(self, job: _Job, *, again: bool) -> None:
        mail = job.connection.envelope
        if mail is not None:
            del self._jobs[mail]
            job.connection.withdraw()
        if again:
            self._waiting.appendleft(job.claim)
            return
        # Skipped, or somebody else's by now, or the issue was paused: then it goes back.
        self._returned.append(job.claim)
        if not patiently(Issue.objects.running().filter(pk=self.issue.pk).exists):
            self._stop(End.NOTHING_DUE, "")

    def _withdraw_ready(self) -> None:
        """At the end, what is not marked yet stays here."""
        ready, self._ready = self._ready, []
        for job in ready:
            self._take_back(job, again=True)

    def _renew(self) -> None:
        now = time.monotonic()
        if now < self._renew_at:
            return
        self._renew_at = now + ledger.lease().total_seconds() / 3
        fences = {claim.fence for claim in self._waiting}
        fences |= {job.claim.fence for job in self._jobs.values()}
        if fences:
            patiently(ledger.renew, self.issue, fences)

    def _finish(self) -> None:
        for connection in self._connections:
            connection.close()
        self._selector.close()
        if back := [*self._waiting, *self._returned]:
            patiently(ledger.give_back, self.issue, back)


def patiently[T](ask: Callable[..., T], *arguments: Any) -> T:
    """Ask the database, and again for some seconds where it is away.

    Asking twice is harmless, since every write names its fence; not writing down that a mail was
    sent would leave a doubt.
    """
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            return ask(*arguments)
        except (OperationalError, InterfaceError):
            if time.monotonic() >= give_up_at or database.in_atomic_block:
                raise
            database.close()
            time.sleep(0.1)
