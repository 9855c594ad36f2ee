"""Reading the mail that servers send about a mail: delivery reports and complaints.

Delivery status notifications are RFC 3464, abuse reports RFC 5965. Whatever is neither (an answer
by a person, an out-of-office note, a delay) is none of our business and gives None.
"""

import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses, parseaddr

from newsletter.statuses import ENHANCED, address_is_gone

# Who the report was sent to: with VERP, that alone says which mail it is about.
SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """`kind` is "hard", "soft" or "complaint"."""

    kind: str
    detail: str
    recipients: tuple[str, ...]
    sent_to: tuple[str, ...] = field(default=())
    # Of the mail that it is about.
    message_id: str = ""
    feedback_id: str = ""
    # Of the report itself.
    own_id: str = ""


def read(raw: bytes) -> Report | None:
    """The report in a mail; None where it is none, or none that says anything final."""
    message = message_from_bytes(raw[:MOST_BYTES], policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return None
    parts = {part.get_content_type(): part for part in message.walk()}
    if "message/feedback-report" in parts:
        found = _complaint(parts["message/feedback-report"])
    elif "message/delivery-status" in parts:
        found = _bounce(parts["message/delivery-status"])
    else:
        return None
    if found is None:
        return None
    kind, detail, recipients = found
    original = _original(parts)
    return Report(
        kind,
        detail,
        recipients or _addresses(original, ("To",)),
        sent_to=_addresses(message, SENT_TO),
        message_id=_header(original, "Message-ID"),
        feedback_id=_header(original, "Feedback-ID"),
        own_id=_header(message, "Message-ID"),
    )


def _bounce(part: Message) -> tuple[str, str, tuple[str, ...]] | None:
    """The first recipient for whom it failed; ours have only one."""
    for fields in _groups(part):
        if fields.get("action", "").lower() != "failed":
            continue  # delayed, relayed, delivered
        status = ENHANCED.search(fields.get("status", ""))
        words = fields.get("diagnostic-code", "").partition(";")[2].strip()
        detail = f"{status[0] if status else ''} {words}".strip()
        address = fields.get("original-recipient") or fields.get("final-recipient", "")
        recipient = address.partition(";")[2].strip()
        kind = "hard" if address_is_gone(detail) else "soft"
        return kind, detail, (recipient,) if recipient else ()
    return None


def _complaint(part: Message) -> tuple[str, str, tuple[str, ...]] | None:
    for fields in _groups(part):
        kind = fields.get("feedback-type", "").lower()
        if kind in {"abuse", "fraud", "virus", "other"}:
            recipient = parseaddr(fields.get("original-rcpt-to", ""))[1]
            return "complaint", f"Feedback-Type: {kind}", (recipient,) if recipient else ()
    return None


def _groups(part: Message) -> list[dict[str, str]]:
    """The groups of header fields that a report is made of, names in lower case."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [_fields(group) for group in payload if isinstance(group, Message)]
    text = part.get_payload(decode=True)
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(payload)
    groups = re.split(r"\r?\n[ \t]*\r?\n", decoded)
    return [_fields(message_from_bytes(group.strip().encode())) for group in groups]


def _fields(group: Message) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in group.items()}


def _original(parts: dict[str, EmailMessage]) -> Message | None:
    """The head of the mail that the report is about."""
    if "message/rfc822" in parts:
        payload = parts["message/rfc822"].get_payload()
        first = payload[0] if isinstance(payload, list) and payload else None
        return first if isinstance(first, Message) else None
    headers = parts.get("text/rfc822-headers")
    if headers is None:
        return None
    content = headers.get_payload(decode=True)
    return message_from_bytes(content) if isinstance(content, bytes) else None


def _addresses(message: Message | None, names: tuple[str, ...]) -> tuple[str, ...]:
    if message is None:
        return ()
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return tuple(address for _, address in getaddresses(values) if address)


def _header(message: Message | None, name: str) -> str:
    return str(message.get(name, "")).strip() if message is not None else ""
