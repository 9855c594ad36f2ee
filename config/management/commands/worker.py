"""The background worker alone, for a host that serves no pages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.preflight import (
    become_supervisor,
    manage,
    refuse_unready_site,
    refuse_unusable_key,
)
from config.worker import work


class Command(BaseCommand):
    help = (
        "Runs the background worker until Ctrl-C: it sends mail, makes pictures and looks every "
        "few seconds for what was left undone. Start as many as you like, on any host that "
        "reaches the database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--unsupervised",
            action="store_true",
            help="run in this very process, for systemd or a container platform that starts it "
            "again by itself",
        )

    def handle(self, *args: Any, unsupervised: bool, **options: Any) -> None:
        if unsupervised:
            refuse_unusable_key()
            work()
            return
        refuse_unready_site()
        become_supervisor({"worker": manage("worker", "--unsupervised")})
