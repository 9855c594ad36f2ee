"""Sending through a Django mail backend that is no SMTP server: a mail service, the development
mailbox.

A call carries as many mails as SEND_BATCH says and the service takes. All of them are marked
before it and settled after it, so they are what is in doubt where it gets no answer.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext

from newsletter import grain
from newsletter.letters import Letter, Reader
from newsletter.models import Issue
from newsletter.sending import calls, ledger, rates, verdicts
from newsletter.sending.engine import TICK, End, patiently
from newsletter.sending.ledger import Claim, Outcome, Status
from newsletter.sending.verdicts import Blame, Refusals, Verdict

# Seconds before an unanswered call is made again where that is harmless: all of it is over long
# before a service forgets the key.
REPEATS = (1, 5, 20)
# Mails after which other issues get their turns; a service takes some time for each call.
TURN = 100

type Mails = dict[Claim, EmailMultiAlternatives]
type Verdicts = dict[Claim, Verdict]


@dataclass(slots=True, eq=False)
class Caller:
    issue: Issue
    letter: Letter
    stop: Callable[[], bool]
    reason: str = ""

    _end: End | None = None
    _waiting: list[Claim] = field(default_factory=list)
    _in_hand: list[Claim] = field(default_factory=list)
    _returned: list[Claim] = field(default_factory=list)
    _renew_at: float = 0.0
    _refusals: Refusals = field(default_factory=Refusals)

    def run(self) -> End:
        """Send about a hundred of what is due, so that other issues get their turns; returns why it
        ended. `reason` says more about a bad end.
        """
        size = grain.batch()
        self._waiting = patiently(ledger.claim, self.issue, max(size, TURN // size * size))
        self._renew_at = time.monotonic() + ledger.lease().total_seconds() / 3
        try:
            while self._waiting and not self._is_over():
                self._next_call(size)
        finally:
            patiently(ledger.give_back, self.issue, [*self._waiting, *self._returned])
        return self._end or End.NOTHING_DUE

    def _is_over(self) -> bool:
        if self._end is None and self.stop():
            self._end = End.STOPPED
        return self._end is not None

    def _next_call(self, size: int) -> None:
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        mails, unwritable = self._written(taken)
        may_leave, must_not = patiently(ledger.commit, unwritable, list(mails))
        going = {claim: mail for claim, mail in mails.items() if claim.delivery in may_leave}
        kept = [claim for claim in mails if claim not in going]
        self._take_back([claim for claim in kept if claim.delivery in must_not])
        self._waiting[:0] = [claim for claim in kept if claim.delivery not in must_not]
        if going:
            self._send(going)
        elif self._waiting:
            self._wait(max(0.01, patiently(rates.seconds_until_free)))
        self._in_hand = []
        self._renew_in_time()

    def _written(self, claims: Iterable[Claim]) -> tuple[Mails, list[Outcome]]:
        """The mails, before any is marked: one that cannot be written is no doubtful one."""
        mails: Mails = {}
        unwritable: list[Outcome] = []
        for claim in claims:
            try:
                reader = Reader(claim.delivery, claim.email, claim.token)
                mails[claim] = self.letter.message(reader)
            except Exception as fault:
                words = gettext("It could not be written (%(fault)s).") % {
                    "fault": type(fault).__name__
                }
                unwritable.append(Outcome(claim, Verdict(Status.FAILED, words, Blame.MAIL)))
        return mails, unwritable

    def _take_back(self, claims: list[Claim]) -> None:
        """Skipped, or somebody else's by now, or the issue was paused: then they go back."""
        self._returned += claims
        if claims and not patiently(Issue.objects.running().filter(pk=self.issue.pk).exists):
            self._end = self._end or End.NOTHING_DUE

    # --- The call -------------------------------------------------------------------------------

    def _send(self, mails: Mails) -> None:
        """Make the call. One that is refused as a whole is made again mail by mail: where one mail
        in it is at fault, only she goes without.
        """
        self._in_hand = list(mails)
        fault, found = self._answers(mails)
        if fault is None or len(mails) == 1 or not _is_refused(fault):
            self._settle(found)
            return
        for claim, mail in mails.items():
            if self._is_over():
                self._settle(
                    {claim: Verdict(Status.WAITING, gettext("Its call was refused as a whole."))}
                )
            else:
                self._renew()
                self._settle(self._answers({claim: mail})[1])

    def _answers(self, mails: Mails) -> tuple[Exception | None, Verdicts]:
        """What was wrong with the call, and what became of each of its mails."""
        call = calls.call_for(self.letter, mails)
        fault = calls.hand_over(call)
        if fault is None:
            return None, _each(call, mails)
        if verdicts.leaves_doubt(fault) and (found := self._repeated(call, mails)):
            return None, found
        return fault, {claim: verdicts.on_fault(fault, claim.attempts) for claim in mails}

    def _repeated(self, call: EmailMultiAlternatives, claims: Iterable[Claim]) -> Verdicts:
        """Make an unanswered call again, where the service tells it from a new one by its key.

        Empty where that settled nothing: whatever else goes wrong now, the first remains in doubt.
        """
        service = grain.service()
        if service is None or not service.may_repeat:
            return {}
        for pause in REPEATS:
            self._wait(pause)
            if self._is_over():
                break
            self._renew()
            fault = calls.hand_over(call)
            if fault is None:
                return _each(call, claims)
            if calls.had_it(fault):
                words = gettext("%(service)s had it from a call that got no answer.") % {
                    "service": service.name
                }
                return dict.fromkeys(claims, Verdict(Status.SENT, words))
        return {}

    def _settle(self, found: Verdicts) -> None:
        outcomes = [Outcome(claim, verdict) for claim, verdict in found.items()]
        patiently(ledger.commit, outcomes, [])
        for verdict in found.values():
            self._judge(verdict)

    def _judge(self, verdict: Verdict) -> None:
        if why := self._refusals.why_to_pause(verdict):
            self._stop(End.REFUSED, why)
        elif verdict.blame is Blame.NOBODY and verdict.status != Status.SENT:
            # It does not answer, or takes nothing now; the next call waits, longer each time.
            self._stop(End.UNREACHABLE, verdict.reply)

    def _stop(self, end: End, reason: str) -> None:
        if self._end is None:
            self._end, self.reason = end, reason

    # --- Meanwhile ------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._is_over() and (left := until - time.monotonic()) > 0:
            self._renew_in_time()
            time.sleep(min(left, TICK))

    def _renew_in_time(self) -> None:
        if time.monotonic() >= self._renew_at:
            self._renew()

    def _renew(self) -> None:
        """Hold what is in hand for another lease, which is longer than a call can take."""
        lease = ledger.lease().total_seconds()
        self._renew_at = time.monotonic() + lease / 3
        fences = {claim.fence for claim in [*self._in_hand, *self._waiting]}
        patiently(ledger.renew, self.issue, fences)


def _is_refused(fault: Exception) -> bool:
    return verdicts.on_fault(fault, attempts=1).status == Status.FAILED


def _each(call: EmailMultiAlternatives, claims: Iterable[Claim]) -> Verdicts:
    service = grain.service()
    if service is None:
        return dict.fromkeys(claims, Verdict(Status.SENT, gettext("Handed over.")))
    answers = calls.answers(call)
    return {
        claim: verdicts.on_status(answers.get(claim.email.lower()), service.name)
        for claim in claims
    }
