"""Django's own way to send an issue, as the measure of ours. Runs in the desk of a site."""

import time

from django.core.mail import EmailMultiAlternatives, mailers

from newsletter.letters import Letter, Reader
from newsletter.models import FrozenMail


def rate(count: int) -> float:
    """Mails a second by `send_messages` over one connection: the newest issue's, one a reader.

    Making the message objects is not counted, writing them as bytes is: Django does that when it
    sends.
    """
    frozen = FrozenMail.objects.select_related("issue").latest("frozen_at")
    letter = Letter(frozen)
    rows = frozen.issue.deliveries.order_by("pk")
    readers = rows.values_list("pk", "subscriber__email", "subscriber__token")[:count]
    messages = [plain(letter, Reader(*reader)) for reader in readers]
    began = time.perf_counter()
    sent = mailers.default.send_messages(messages)
    seconds = time.perf_counter() - began
    assert sent == count, sent
    return count / seconds


def plain(letter: Letter, reader: Reader) -> EmailMultiAlternatives:
    """The same headers and texts, to be written by Django itself."""
    poured = letter.message(reader)
    message = EmailMultiAlternatives(
        poured.subject,
        poured.body,
        poured.from_email,
        poured.to,
        reply_to=poured.reply_to,
        headers=poured.extra_headers,
    )
    for html in poured.alternatives:
        message.attach_alternative(html.content, html.mimetype)
    return message
