"""What the domain says about its mail."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog.emails import sender
from blog.models import Site
from newsletter import dns_records


class Command(BaseCommand):
    help = (
        "Looks in the DNS for what mailbox providers ask of a sender: SPF, DKIM, DMARC, and that "
        "they belong together. Says what is missing and what to add; then the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--selector",
            default=settings.DKIM_SELECTOR,
            help="of the key that signs the mail, as your mail service names it",
        )
        parser.add_argument(
            "--signed-by",
            default=settings.DKIM_DOMAIN,
            metavar="DOMAIN",
            help="whose key it is (default: DKIM_DOMAIN, or else the sender's domain)",
        )

    def handle(self, *args: Any, selector: str, signed_by: str, **options: Any) -> None:
        shown = _domain(parseaddr(sender(Site.current()))[1])
        envelope = _domain(settings.BOUNCE_ADDRESS) or shown
        try:
            findings = dns_records.check(
                sender=shown, envelope=envelope, signed_by=signed_by or shown, selector=selector
            )
        except dns_records.CannotAskError as fault:
            raise CommandError(str(fault)) from fault
        for finding in findings:
            mark = "good   " if finding.is_good else "missing"
            self.stdout.write(f"{mark}  {finding.subject}: {finding.sentence}")
        if urlsplit(settings.SITE_URL).scheme != "https":
            self.stdout.write(
                "missing  Links: SITE_URL is not https, so one-click unsubscribe fails."
            )
        if not all(finding.is_good for finding in findings):
            raise CommandError("Mailbox providers may refuse or hide this site's mail.")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
