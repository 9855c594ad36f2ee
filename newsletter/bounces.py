"""From the reports in a mailbox to the readers they are about.

A report proves that it is about a mail of ours: it came to the address that only this mail had
(VERP), or it brings back the mail's Message-ID, which nobody can make up. Any other is left alone,
or whoever wrote one by hand could stop the mail to a reader he does not like.
"""

import hashlib
import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from newsletter import addresses, feedback, mailboxes, reports
from newsletter.letters import delivery_of, is_message_id_of
from newsletter.models import Delivery, Feedback, Subscriber
from newsletter.reports import Report

# How many of an address's latest mails a report without an issue's number is compared with.
LATEST = 20
ISSUE = re.compile(r"issue(\d{1,18}):")


@dataclass(slots=True)
class Tally:
    """What a look into the mailbox brought."""

    noted: int = 0
    known: int = 0
    unproven: int = 0
    other: int = 0


def process(source: str) -> Tally:
    """Read the mailbox's reports and act on them; raises mailboxes.CannotReadError."""
    tally = Tally()
    for raw, mark_read in mailboxes.unread(source):
        report = reports.read(raw)
        if report is None:
            tally.other += 1
            continue
        delivery = delivery_meant(report)
        if delivery is None:
            tally.unproven += 1
            continue
        if _note(report, delivery, raw):
            tally.noted += 1
        else:
            tally.known += 1
        mark_read()
    return tally


def delivery_meant(report: Report) -> Delivery | None:
    """The mail that a report is about; None where it does not prove that it is about one."""
    deliveries = Delivery.objects.select_related("subscriber")
    for address in report.sent_to:
        if number := delivery_of(address):
            return deliveries.filter(pk=number).first()
    for delivery in _candidates(report):
        if is_message_id_of(report.message_id, delivery.pk):
            return delivery
    return None


def _candidates(report: Report) -> list[Delivery]:
    if not report.message_id:
        return []
    keys = []
    for recipient in report.recipients:
        try:
            keys.append(addresses.parse(recipient).key)
        except ValidationError:
            continue
    deliveries = Delivery.objects.filter(subscriber__in=Subscriber.objects.filter(key__in=keys))
    if issue := ISSUE.match(report.feedback_id):
        deliveries = deliveries.filter(issue=int(issue[1]))
    return list(deliveries.select_related("subscriber").order_by("-pk")[:LATEST])


def _note(report: Report, delivery: Delivery, raw: bytes) -> bool:
    name = hashlib.sha256(report.own_id.encode() or raw).hexdigest()[:40]
    return feedback.note(
        Feedback.Kind(report.kind),
        delivery.subscriber,
        delivery=delivery,
        key=f"report {delivery.pk} {name}",
        detail=report.detail,
    )
