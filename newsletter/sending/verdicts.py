"""What a mail server's answer means: for the mail, for its reader, for the whole issue."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import requests
from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailRecipientStatus
from django.conf import settings
from django.utils.translation import gettext
from urllib3.exceptions import NewConnectionError

from blog.outbox import said, scrub
from newsletter.models import Delivery
from newsletter.smtp import Lost, Phase, Replied
from newsletter.statuses import address_is_gone

Status = Delivery.Status

# After so many attempts, each later than the one before, it is given up.
GAPS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
MOST_ATTEMPTS = 16
# The connection was lost before the dot: nobody's fault, so sooner, but not at once for ever.
LOST_GAPS = [timedelta(seconds=seconds) for seconds in (0, 2, 10, 60, 300, 1800)]

# RFC 7372, RFC 7505 and one that a large provider made up: who we are was not believed.
NOT_US = re.compile(r"5\.7\.(2\d|515|9)\b")
# Refusals of whole mails in a row, after which it is not the readers' fault.
MOST_REFUSALS = 10
SIGN_IN = {530, 534, 535, 538}

# What HTTP says (RFC 9110, RFC 6585) where a mail service does not take a call: we may not make it;
# not at this time; and two that a proxy, or another call with the same key, may be the reason of.
NOT_ALLOWED = {401, 403}
NOT_NOW = {429, 503}
IN_DOUBT = {408, 409}
UNREACHED_AMAZON = {"ConnectTimeoutError", "EndpointConnectionError"}
# anymail cannot make such a call at all.
NEVER_CALLED = (AnymailUnsupportedFeature, AnymailSerializationError, AnymailConfigurationError)


class Blame(Enum):
    """Whose fault a refusal is."""

    NOBODY = "nobody"
    READER = "reader"  # mail to this address must stop
    RECIPIENT = "recipient"  # only this time: her mailbox is full, say
    MAIL = "mail"
    CONTENT = "content"  # several in a row, and the issue pauses
    SENDER = "sender"  # the issue pauses


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Status
    reply: str
    blame: Blame = Blame.NOBODY
    after: timedelta = timedelta(0)  # for what waits again

    @property
    def bounce(self) -> bool:
        """Whether it was the recipient whom the server refused for good."""
        return self.status == Status.FAILED and self.blame in (Blame.READER, Blame.RECIPIENT)


class Refusals:
    """Counts the mails that were refused as a whole, one after the other."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def why_to_pause(self, verdict: Verdict) -> str:
        """What the server has against the issue, if by now it is not the readers' fault."""
        if verdict.blame is Blame.SENDER:
            return verdict.reply
        if verdict.status == Status.SENT:
            self._in_a_row = 0
        elif verdict.blame is Blame.CONTENT:
            self._in_a_row += 1
            if self._in_a_row >= MOST_REFUSALS:
                return gettext("%(number)s mails in a row: %(reply)s") % {
                    "number": self._in_a_row,
                    "reply": verdict.reply,
                }
        return ""


def on_reply(reply: Replied, attempts: int) -> Verdict:
    words = said(reply.code, reply.text)
    if reply.phase is Phase.END and 200 <= reply.code < 300:
        return Verdict(Status.SENT, words)
    if reply.code == 421:
        return again(words, attempts, LOST_GAPS)
    if _is_about_sender(reply):
        return Verdict(Status.WAITING, words, Blame.SENDER)
    if reply.code < 500:
        return again(words, attempts, GAPS)
    return Verdict(Status.FAILED, words, _blame(reply))


def on_loss(loss: Lost, attempts: int) -> Verdict:
    reason = scrub(loss.reason)
    if loss.phase is Phase.END and not settings.SEND_UNKNOWN_AGAIN:
        return Verdict(
            Status.UNKNOWN,
            gettext("No answer came to the whole mail. %(reason)s") % {"reason": reason},
        )
    return again(reason, attempts, LOST_GAPS)


def on_fault(fault: Exception, attempts: int) -> Verdict:
    """What an exception of a Django mail backend means; one that says nothing leaves a doubt."""
    words = f"{type(fault).__name__}: {scrub(str(fault))}"
    if leaves_doubt(fault):
        if not _status(fault):
            words = gettext("No answer came to the call. %(reason)s") % {
                "reason": scrub(str(fault.__cause__ or fault))
            }
        if settings.SEND_UNKNOWN_AGAIN:
            return again(words, attempts, LOST_GAPS)
        return Verdict(Status.UNKNOWN, words)
    if isinstance(fault, AnymailRecipientsRefused | AnymailInvalidAddress):
        return Verdict(Status.FAILED, words, Blame.RECIPIENT)
    if isinstance(fault, NEVER_CALLED) or _status(fault) in NOT_ALLOWED:
        return Verdict(Status.WAITING, words, Blame.SENDER)
    if _never_connected(fault) or _status(fault) in NOT_NOW:
        return Verdict(Status.WAITING, words)
    return Verdict(Status.FAILED, words, Blame.CONTENT)


def leaves_doubt(fault: Exception) -> bool:
    """Whether a call that ended so may have been understood, and its mails be on their way."""
    certain = (AnymailRecipientsRefused, AnymailInvalidAddress, *NEVER_CALLED)
    if isinstance(fault, certain) or _never_connected(fault):
        return False
    code = _status(fault)
    refused = 400 <= code < 500 and code not in IN_DOUBT
    return not refused and code not in NOT_NOW


def on_status(answer: AnymailRecipientStatus | None, service: str) -> Verdict:
    """What a mail service says of one mail in a call."""
    if answer is None or answer.status in {None, "unknown"}:
        return Verdict(
            Status.UNKNOWN,
            gettext("%(service)s did not say whether it took this mail.") % {"service": service},
        )
    if answer.status in {"sent", "queued"}:
        words = (
            gettext("%(service)s took it as %(name)s.")
            if answer.message_id
            else gettext("%(service)s took it.")
        )
        return Verdict(Status.SENT, words % {"service": service, "name": answer.message_id})
    words = scrub(
        getattr(answer, "words", "")
        or gettext("%(service)s calls it %(status)s.")
        % {"service": service, "status": answer.status}
    )
    if answer.status == "failed":
        return Verdict(Status.FAILED, words, Blame.CONTENT)
    return Verdict(Status.FAILED, words, Blame.RECIPIENT)


def _status(fault: Exception) -> int:
    """The status that the service answered with (HTTP); 0 where it did not answer."""
    code = getattr(fault, "status_code", None)
    said = getattr(fault.__cause__, "response", None)
    if code is None and isinstance(said, dict):  # Amazon's library has ways of its own
        code = said.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code if isinstance(code, int) else 0


def _never_connected(fault: Exception) -> bool:
    """Whether a service's interface could not be reached at all, so that it can have nothing."""
    cause = fault.__cause__
    if isinstance(fault, ConnectionRefusedError) or isinstance(cause, requests.ConnectTimeout):
        return True
    if type(cause).__name__ in UNREACHED_AMAZON:
        return True
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    return isinstance(reason, NewConnectionError)


def again(words: str, attempts: int, gaps: list[timedelta]) -> Verdict:
    """Wait and try again, until it was tried often enough."""
    if attempts >= MOST_ATTEMPTS:
        return Verdict(
            Status.FAILED,
            gettext("Given up after %(number)s attempts. %(reply)s")
            % {"number": attempts, "reply": words},
            Blame.MAIL,
        )
    return Verdict(Status.WAITING, words, after=gaps[min(attempts, len(gaps)) - 1])


def _is_about_sender(reply: Replied) -> bool:
    if reply.code in SIGN_IN or NOT_US.match(reply.text):
        return True
    return reply.phase is Phase.MAIL and reply.code >= 500


def _blame(reply: Replied) -> Blame:
    if reply.phase is not Phase.RCPT:
        return Blame.CONTENT
    words = f"{reply.code} {reply.text}"
    return Blame.READER if address_is_gone(words) else Blame.RECIPIENT
