from typing import Any

from django.core.management.base import BaseCommand

from newsletter.sending import memory


class Command(BaseCommand):
    help = (
        "Lets every issue and digest that would go out by itself wait for a human. Run it after a "
        "backup of the database was put back, before the workers start."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        held = memory.hold()
        self.stdout.write(
            f"{held} issues and digests wait until somebody lets them go on in the newsroom."
        )
