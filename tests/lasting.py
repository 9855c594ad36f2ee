"""Rows that are made once for many tests, each of which finds them as they were made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def lasting_rows(blocker: Any) -> Iterator[None]:
    """For a fixture of a class or module, with pytest-django's `django_db_blocker`.

    Every test there sees them, also one that does not ask for the fixture; and none of them may be
    in transactions of its own. What a test does is taken back in the database, not in memory.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
