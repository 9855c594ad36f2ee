"""One call to the site's mailer: the mail of one reader, or those of several at a mail service."""

import hashlib
from collections.abc import Mapping
from html import escape

from anymail.message import AnymailMessage, AnymailRecipientStatus
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from newsletter import grain, merge_tags
from newsletter.grain import Repeated
from newsletter.letters import Letter
from newsletter.sending import whole_mails
from newsletter.sending.ledger import Claim

type Mails = Mapping[Claim, EmailMultiAlternatives]


class Call(AnymailMessage):
    """Several mails, each to one reader. `texts` are theirs, as text and as HTML, in this order."""

    key: str
    texts: list[tuple[str, str]]


def call_for(letter: Letter, mails: Mails) -> EmailMultiAlternatives:
    """What the mailer is handed, for one mail or for several."""
    if len(mails) == 1:
        [(claim, call)] = mails.items()
        # A mail service gives it back with whatever it has to say about this mail.
        call.metadata = _reference(claim)  # type: ignore[attr-defined]
    elif settings.MAIL_SERVICE == "mailgun":
        call = _filled_in_there(letter, mails)
    else:
        call = _of_whole_mails(letter, mails)
    call.key = _key(mails)  # type: ignore[attr-defined]
    return call


def _of_whole_mails(letter: Letter, mails: Mails) -> Call:
    call = _call(letter, mails, letter.mail.text, letter.mail.html)
    call.merge_headers = {claim.email: mail.extra_headers for claim, mail in mails.items()}
    call.texts = [(str(mail.body), _html(mail)) for mail in mails.values()]
    return call


def _filled_in_there(letter: Letter, mails: Mails) -> Call:
    """Mailgun fills in `%recipient.name%`, wherever it stands, and nothing that is not given."""
    text, html = (
        merge_tags.for_reader(words, email=f"%recipient.{email}%", token="%recipient.token%")  # noqa: S106
        for words, email in ((letter.mail.text, "email"), (letter.mail.html, "email_in_html"))
    )
    call = _call(letter, mails, text, html)
    call.merge_data = {
        claim.email: {
            "email": claim.email,
            "email_in_html": escape(claim.email),
            "token": claim.token,
        }
        for claim in mails
    }
    first = next(iter(mails.values())).extra_headers
    # Each mail of a call gets the Message-ID that Mailgun answers with.
    own = {"List-Unsubscribe", "Message-ID"}
    call.extra_headers = {name: value for name, value in first.items() if name not in own}
    call.merge_headers = {
        claim.email: {"List-Unsubscribe": mail.extra_headers["List-Unsubscribe"]}
        for claim, mail in mails.items()
    }
    return call


def _call(letter: Letter, mails: Mails, text: str, html: str) -> Call:
    call = Call(
        subject=letter.mail.subject,
        body=text,
        from_email=letter.mail.sender,
        to=[claim.email for claim in mails],
        reply_to=[letter.mail.reply_to] if letter.mail.reply_to else [],
        merge_metadata={claim.email: _reference(claim) for claim in mails},
    )
    call.attach_alternative(html, "text/html")
    return call


def _html(mail: EmailMultiAlternatives) -> str:
    [alternative] = mail.alternatives
    return str(alternative[0])


def _reference(claim: Claim) -> dict[str, str]:
    return {"delivery": str(claim.delivery)}


def _key(mails: Mails) -> str:
    """Stands for these mails to these readers: the same whenever they are handed over again.

    A service that only says that it had such a call does not say whether it took it. There the key
    is of one claim, so that the answer can be about nothing but the call that was just repeated.
    """
    parts = [f"{claim.delivery} {claim.email} {claim.token}" for claim in mails]
    through = grain.service()
    if through and through.repeated is Repeated.HAD_IT:
        parts += [str(claim.fence) for claim in mails]
    return hashlib.sha256("\n".join([settings.SITE_URL, *parts]).encode()).hexdigest()


def hand_over(call: EmailMultiAlternatives) -> Exception | None:
    """Make the call; returns what was wrong with it as a whole."""
    try:
        whole_mails.connection().send_messages([call])
    except Exception as fault:
        # Where each mail was refused by itself, each has an answer of its own.
        return None if answers(call) else fault
    return None


def had_it(fault: Exception) -> bool:
    """Whether a service refuses a repeated call because it had it before, as Brevo does."""
    response = getattr(fault, "response", None)
    if response is None or response.status_code != 400:
        return False
    try:
        return bool(response.json()["code"] == "duplicate_parameter")
    except (ValueError, KeyError, TypeError):
        return False


def answers(call: EmailMultiAlternatives) -> dict[str, AnymailRecipientStatus]:
    """What the service says of each reader, by her address in small letters.

    Empty for a mailer that says nothing. A service may spell an address in its own way, and anymail
    then finds no answer for the one that it was given.
    """
    status = getattr(call, "anymail_status", None)
    found: dict[str, AnymailRecipientStatus] = {}
    for address, answer in (status.recipients if status else {}).items():
        if answer.message_id or address.lower() not in found:
            found[address.lower()] = answer
    return found
