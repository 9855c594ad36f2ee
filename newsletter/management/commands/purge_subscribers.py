from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from newsletter.sweep import purge_subscribers


class Command(BaseCommand):
    help = (
        "Forget the sign-ups that nobody confirmed for PENDING_DAYS, with all that hangs on them. "
        "The worker does the same once an hour."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total = purge_subscribers()
        noun = "sign-up" if total == 1 else "sign-ups"
        self.stdout.write(
            f"{total} {noun} forgotten, unconfirmed for {settings.PENDING_DAYS} days."
        )
