"""One mail of an issue for each of its readers: composed once, poured many times.

What all readers share is encoded when a Letter is made, and cut where something differs. A mail
is then no more than a join, which is what makes sending fast. The headers are those of RFC 5322,
RFC 2369, RFC 2919 and RFC 8058.
"""

import hashlib
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from newsletter import merge_tags
from newsletter.letters import headers, quoted
from newsletter.letters.message_ids import MessageIds
from newsletter.letters.verp import BounceAddresses
from newsletter.models import FrozenMail
from newsletter.signing import signed

# Neither "=_" nor its first letter can stand so in quoted-printable text.
BOUNDARY = "=_pennypost_"
# Whatever got into the database: what ends a header, or an address in one, never leaves.
_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_NOT_IN_AN_ADDRESS = re.compile(r'[][()<>,;:\\"]')
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,60}")
# Needs no encoding anywhere.
_SIMPLE = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_+@.-]{0,70}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a mail: `delivery` is the ledger's number, `email` as it goes on the wire."""

    delivery: int
    email: str
    token: str


class Letter:
    def __init__(self, mail: FrozenMail) -> None:
        self.mail = mail
        self._sender_name, self._sender = parseaddr(mail.sender)
        self._ids = MessageIds()
        self._host = self._ids.host
        self._list = f"news.{self._host}"
        self._bounces = BounceAddresses() if settings.BOUNCE_ADDRESS else None
        self._date = (0, b"")
        self._form: list[bytes] = []
        self._gaps: list[tuple[int, str]] = []
        self._write_form()

    def envelope_sender(self, reader: Reader) -> str:
        """The address for MAIL FROM."""
        return self._bounces.of(reader.delivery) if self._bounces else self._sender

    def message_id(self, reader: Reader) -> str:
        """The same whenever the same delivery is tried, and nobody else's."""
        return self._ids.of(reader.delivery)

    def pour(self, reader: Reader) -> bytes:
        """The whole mail, in seven bits, with CRLF at the ends of its lines and at its own.

        No line starts with a dot. Raises ValueError where no safe mail can be made.
        """
        email, token = _checked(reader)
        values = {
            "date": self._date_now(),
            "id": self.message_id(reader).encode("ascii"),
            "to": email.encode("ascii"),
            "token": token.encode("ascii"),
            "email": _quoted(email),
            "email in html": _quoted(escape(email)),
        }
        form = self._form.copy()
        for place, name in self._gaps:
            form[place] = values[name]
        return b"".join(form)

    def message(self, reader: Reader) -> EmailMultiAlternatives:
        """The same mail for one of Django's mail backends."""
        message = _Poured(
            self.pour(reader),
            subject=self.mail.subject,
            body=merge_tags.for_reader(self.mail.text, email=reader.email, token=reader.token),
            from_email=self.mail.sender,
            to=[reader.email],
            reply_to=[self.mail.reply_to] if self.mail.reply_to else [],
            headers={"Message-ID": self.message_id(reader)}
            | {
                name: value.replace(merge_tags.TOKEN_PLACE, reader.token)
                for name, value in self._list_headers().items()
            },
        )
        html = merge_tags.for_reader(self.mail.html, email=escape(reader.email), token=reader.token)
        message.attach_alternative(html, "text/html")
        return message

    def _list_headers(self) -> dict[str, str]:
        """What makes it the mail of a list."""
        return {
            "List-Id": headers.named(self.mail.site_name, self._list),
            "List-Unsubscribe": f"<{merge_tags.unsubscribe()}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": f"issue{self.mail.issue_id}:news:pennypost:{_sender_id(self._host)}",
            "Precedence": "bulk",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }

    def _write_form(self) -> None:
        self._add("Date: ", gap="date")
        sender = headers.named_on_the_wire(self._sender_name, self._sender)
        self._add(f"\r\nFrom: {sender}\r\nTo: ", gap="to")
        if self.mail.reply_to:
            self._add(f"\r\nReply-To: {self.mail.reply_to}")
        self._add(f"\r\nSubject: {headers.encoded(self.mail.subject)}\r\nMessage-ID: ", gap="id")
        on_the_wire = headers.named_on_the_wire(self.mail.site_name, self._list)
        for name, value in (self._list_headers() | {"List-Id": on_the_wire}).items():
            # Not folded: some mail programs do not find a link that goes over two lines.
            start, place, end = value.partition(merge_tags.TOKEN_PLACE)
            self._add(f"\r\n{name}: {start}", gap="token" if place else None)
            self._add(end)
        self._add(
            "\r\nMIME-Version: 1.0"
            f'\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n'
        )
        self._add_part("plain", self.mail.text, gap="email")
        self._add_part("html", self.mail.html, gap="email in html")
        self._add(f"\r\n--{BOUNDARY}--\r\n")

    def _add(self, text: str, *, gap: str | None = None) -> None:
        """Put `text` down, and after it leave a gap for what differs."""
        self._form.append(text.encode("ascii"))
        if gap:
            self._gaps.append((len(self._form), gap))
            self._form.append(b"")

    def _add_part(self, kind: str, text: str, *, gap: str) -> None:
        self._add(
            f"\r\n--{BOUNDARY}\r\n"
            f'Content-Type: text/{kind}; charset="utf-8"\r\n'
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        # A value stands on a line of its own, between soft breaks that the reader does not see:
        # however long it is, the lines around it stay as they are.
        pieces = merge_tags.PLACES.split(text)
        for number, piece in enumerate(pieces):
            if number % 2:
                self._add("", gap="token" if piece == merge_tags.TOKEN_PLACE else gap)
                self._form.append(quoted.SOFT_BREAK)
                continue
            encoded = quoted.encode(piece)
            is_open = number < len(pieces) - 1 and encoded[-1:] not in {b"\n", b""}
            self._form.append(encoded + (quoted.SOFT_BREAK if is_open else b""))

    def _date_now(self) -> bytes:
        now = int(time.time())
        if self._date[0] != now:
            self._date = (now, format_datetime(datetime.fromtimestamp(now, UTC)).encode("ascii"))
        return self._date[1]


class _Poured(EmailMultiAlternatives):
    """Its fields for mail services, its bytes for mail servers: the same mail either way.

    To a server it goes signed, as an issue does. A service that asks for bytes (Amazon's) writes
    another Date and Message-ID into them and signs them itself.
    """

    def __init__(self, wire: bytes, **fields: Any) -> None:
        super().__init__(**fields)
        self._wire = wire

    def message(self, *, policy: Any = policy.default) -> Any:
        wire = self._wire if settings.MAIL_SERVICE else signed(self._wire)
        # Folding it anew would break the link in List-Unsubscribe.
        return message_from_bytes(wire, policy=policy.clone(refold_source="none"))


def _checked(reader: Reader) -> tuple[str, str]:
    email, token = reader.email, reader.token
    if not _ADDRESS.fullmatch(email) or _NOT_IN_AN_ADDRESS.search(email) or len(email) > 254:
        raise ValueError("The address is none that can stand in a header.")
    if not _TOKEN.fullmatch(token):
        raise ValueError("The token is none that can stand in a link.")
    return email, token


def _quoted(value: str) -> bytes:
    return value.encode("ascii") if _SIMPLE.fullmatch(value) else quoted.encode(value)


def _sender_id(host: str) -> str:
    """Five to fifteen letters and digits that stand for the site in Google's Postmaster Tools."""
    letters = re.sub(r"[^a-z0-9]", "", host)[:9]
    return letters + hashlib.sha256(host.encode()).hexdigest()[:6]
