"""Subscribers to a CSV file."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog.progress import Progress
from newsletter import exports

logger = logging.getLogger("pennypost.subscribers")


class Command(BaseCommand):
    help = (
        "Writes the subscribers to a CSV file that only you can read: address, status, topics, "
        "the terms they agreed to, and when. Cells that a spreadsheet would take for a formula "
        "begin with an apostrophe; import_subscribers takes it away again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="where to write; - writes to the standard output")
        parser.add_argument(
            "--status",
            action="append",
            choices=exports.STATUSES,
            default=[],
            help="only subscribers of this status; may be given several times",
        )

    def handle(self, *args: Any, file: str, status: list[str], **options: Any) -> None:
        if file == "-":
            number = self.write(status, partial(self.stdout.write, ending=""))
            logger.info("%s subscribers were exported to the standard output.", number)
            return
        path = Path(file).resolve()
        try:
            with new_file(path) as write:
                progress = Progress(self.stdout, exports.subscribers(status).count())
                number = self.write(status, write, progress)
        except OSError as fault:
            raise CommandError(f"{path} could not be written: {fault.strerror}.") from fault
        progress.clear()
        logger.info("%s subscribers were exported to a file.", number)
        noun = "subscriber" if number == 1 else "subscribers"
        self.stdout.write(f"{number} {noun} written to {path}")

    def write(
        self, status: list[str], write: Callable[[str], Any], progress: Progress | None = None
    ) -> int:
        number = -1  # the heading is no subscriber
        for chunk in exports.lines(exports.subscribers(status)):
            write("".join(chunk))
            number += len(chunk)
            if progress:
                progress.reach(number)
        return number


@contextmanager
def new_file(path: Path) -> Iterator[Callable[[str], int]]:
    """A file that nobody else can read, and that is there whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(part, "x", encoding="utf-8", newline="", opener=_private) as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, mode=0o600)
