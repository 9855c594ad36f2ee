"""Looking at an issue's mail before anybody gets it: as a picture, and as a mail to chosen people.

It is the very mail that a freeze would store at this moment. The ledger never hears of it, and
the links at its foot lead nowhere, so that nobody unsubscribes a reader by trying them.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext

from blog.models import Limit
from blog.outbox import Line, Refused, Unreachable
from newsletter import letters
from newsletter.addresses import Address
from newsletter.models import FrozenMail, Issue, Subscriber
from newsletter.models.subscriber import hash_address

MOST_AN_HOUR = 30
# A second click within it is no second wish.
MOMENT = timedelta(seconds=10)
TOKEN = "preview"  # noqa: S105 (leads nowhere)
SOMEBODY = "reader@example.com"


class NotSentError(Exception):
    """A test mail did not leave; the text says why."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one reader would see."""

    mail: FrozenMail
    message: EmailMultiAlternatives

    @property
    def html(self) -> str:
        [alternative] = self.message.alternatives
        return str(alternative[0])

    @property
    def text(self) -> str:
        return str(self.message.body)

    @property
    def fingerprint(self) -> str:
        """Stands for all that is seen here: what it was when somebody decided to send it."""
        mail = self.mail
        parts = [mail.subject, mail.sender, mail.reply_to, mail.html, mail.text]
        return hashlib.sha256(
            "\0".join([*parts, mail.issue.audience_in_words]).encode()
        ).hexdigest()


def trial(issue: Issue, email: str = SOMEBODY) -> Trial:
    mail = mail_of(issue)
    return Trial(mail, letters.Letter(mail).message(_reader(email)))


def mail_of(issue: Issue) -> FrozenMail:
    """As it was frozen, or as it would be now; the clicks of whoever looks at it do not count."""
    frozen = FrozenMail.objects.select_related("issue").filter(issue=issue).first()
    if frozen is None:
        return letters.compose(issue).mail
    frozen.html = letters.uncounted(frozen)  # here only, never saved
    return frozen


def errors(issue: Issue) -> list[str]:
    """What keeps it from going out, in sentences."""
    findings = letters.preflight(issue)
    return [finding.sentence for finding in findings if finding.level is letters.Level.ERROR]


def send_test(issue: Issue, address: Address, user: Any) -> None:
    """Send the mail to somebody who is to judge it; raises NotSentError."""
    if Subscriber.objects.suppresses(hash_address(address.key)):
        raise NotSentError(
            gettext("mail to this address is stopped, since it bounced or was complained of.")
        )
    if not Limit.objects.allow(f"tests of {user.pk}", most=MOST_AN_HOUR, within=timedelta(hours=1)):
        raise NotSentError(
            gettext("you sent %(number)s tests within an hour; try again later.")
            % {"number": MOST_AN_HOUR}
        )
    mail = mail_of(issue)
    same = hashlib.sha256(f"{issue.pk} {address.key} {mail.html}".encode()).hexdigest()
    if not Limit.objects.allow(f"test {same}", most=1, within=MOMENT):
        raise NotSentError(gettext("it went there a moment ago."))
    # The stored row stays as it is: this is a copy, and never saved.
    copy = FrozenMail(
        issue=issue,
        subject=gettext("[Test] %(subject)s") % {"subject": mail.subject},
        sender=mail.sender,
        reply_to=mail.reply_to,
        site_name=mail.site_name,
        html=mail.html,
        text=mail.text,
    )
    line = Line()
    try:
        line.send(letters.Letter(copy).message(_reader(address.email)))
    except (Refused, Unreachable) as fault:
        raise NotSentError(gettext("the mail server said: %(fault)s") % {"fault": fault}) from fault
    finally:
        line.hang_up()


def _reader(email: str) -> letters.Reader:
    """Somebody without a delivery. Each has another number, and so each mail its own Message-ID."""
    return letters.Reader(-secrets.randbits(62), email, TOKEN)


def in_light(html: str, *, dark: bool) -> str:
    """The mail as it looks by day or by night, whatever the device that shows it prefers."""
    wish, scheme = ("all", "dark") if dark else ("not all", "light")
    html = html.replace("(prefers-color-scheme: dark)", wish)
    return html.replace('content="light dark"', f'content="{scheme}"')
