"""Django's `migrate`, made to be run over a site that others use; docs/upgrading.md says how."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

# By this number PostgreSQL knows that somebody migrates; nobody else uses it.
NUMBER = 7_366_971
# Less than the second after which PostgreSQL looks for a deadlock. Whoever looks first is ended,
# and that would be a writer who waits for us while we wait for her.
LONGEST_WAIT = "200ms"
TRIES, PAUSE = 80, 1.0


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with one_at_a_time():
            for left in reversed(range(TRIES)):
                try:
                    super().handle(*args, **options)
                    return
                except OperationalError as fault:
                    if not isinstance(fault.__cause__, LockNotAvailable):
                        raise
                    self.wait(left)

    def wait(self, left: int) -> None:
        """For the next of so many tries. What was done stays done."""
        if not left:
            raise CommandError("Others hold a table that is to be changed. Try again later.")
        # It had begun a line to say what it applies.
        self.stdout.write("\nOthers hold a table that is to be changed; trying again.")
        time.sleep(PAUSE)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two hosts migrate one after the other, and neither waits long for a table.

    Whoever waits to change a table makes everybody wait who only wants to read it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [NUMBER])
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
    try:
        yield
    finally:
        if connection.is_usable():  # else PostgreSQL has forgotten both
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [NUMBER])
