"""Sending through a Django mail backend that is no SMTP server: the development mailbox, a service.

One mail at a time, each marked before it is handed over, so the grain of doubt is one mail.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMessage, mailers

from newsletter.letters import Letter, Reader
from newsletter.models import Issue
from newsletter.sending import ledger, verdicts
from newsletter.sending.engine import CLAIM, End, patiently
from newsletter.sending.ledger import Claim, Outcome, Status
from newsletter.sending.verdicts import Blame, Verdict


@dataclass(slots=True, eq=False)
class OneByOne:
    issue: Issue
    letter: Letter
    stop: Callable[[], bool]
    reason: str = ""

    def run(self) -> End:
        end = End.NOTHING_DUE
        claims = patiently(ledger.claim, self.issue, CLAIM)
        while claims and not self.stop():
            claim = claims.pop(0)
            outcome = self._send(claim)
            if outcome is None:
                break
            patiently(ledger.commit, [outcome], [])
            if outcome.verdict.blame is Blame.SENDER:
                self.reason, end = outcome.verdict.reply, End.REFUSED
                break
        patiently(ledger.give_back, self.issue, claims)
        return end

    def _send(self, claim: Claim) -> Outcome | None:
        """What became of the mail; None where the issue does not go on."""
        try:
            message = self.letter.message(Reader(claim.delivery, claim.email, claim.token))
        except Exception as fault:
            words = f"It could not be written ({type(fault).__name__})."
            return Outcome(claim, Verdict(Status.FAILED, words, Blame.MAIL))
        # A mail service gives it back with whatever it has to say about this mail.
        message.metadata = {"delivery": str(claim.delivery)}  # type: ignore[attr-defined]
        may_leave, _ = patiently(ledger.commit, [], [claim])
        if not may_leave:
            return None
        return Outcome(claim, _hand_over(message, claim))


def _hand_over(message: EmailMessage, claim: Claim) -> Verdict:
    try:
        mailers.default.send_messages([message])
    except Exception as fault:
        return verdicts.on_fault(fault, claim.attempts)
    return Verdict(Status.SENT, "Handed over.")
