"""Doing things at the same moment."""

import threading
from collections.abc import Callable

from django.db import connection


def at_once(count: int, act: Callable[[int], object]) -> list[BaseException]:
    """Run `act(0)` … `act(count - 1)` in threads that start together; returns what they raised.

    Each thread has its own database connection, so the test needs committed data.
    """
    start = threading.Barrier(count)
    faults: list[BaseException] = []

    def run(number: int) -> None:
        start.wait()
        try:
            act(number)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults
