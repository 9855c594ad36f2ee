"""Reading what came back."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsletter.bounces import Tally, process
from newsletter.mailboxes import CannotReadError


class Command(BaseCommand):
    help = (
        "Reads delivery reports and complaints from a mailbox and stops mail to whom they are "
        "about. A report is marked as read; other mail is left as it is. Run it again as often as "
        "you like, from cron for example."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "mailbox",
            nargs="?",
            default=settings.BOUNCE_MAILBOX,
            help="a Maildir, an mbox file, or imaps://user:password@host/INBOX "
            "(default: BOUNCE_MAILBOX)",
        )

    def handle(self, *args: Any, mailbox: str, **options: Any) -> None:
        if not mailbox:
            raise CommandError("Name a mailbox, or set BOUNCE_MAILBOX.")
        try:
            tally = process(mailbox)
        except CannotReadError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(sentence(tally))


def sentence(tally: Tally) -> str:
    parts = [f"{tally.noted} noted", f"{tally.known} known already"]
    if tally.unproven:
        parts.append(f"{tally.unproven} about no mail of ours")
    return f"Reports: {', '.join(parts)}. Other mail left alone: {tally.other}."
