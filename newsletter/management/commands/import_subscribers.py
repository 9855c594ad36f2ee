"""Subscribers from a CSV file."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog.progress import Progress
from newsletter.imports import foreign_terms, undoing
from newsletter.imports.report import report
from newsletter.imports.run import Import, Running
from newsletter.imports.table import TableFault
from newsletter.models import ImportBatch, Terms


class Command(BaseCommand):
    help = (
        "Imports subscribers from a CSV file of any common kind. With --consent-source and "
        "--terms they are subscribed; without them, each is asked by mail first. Nobody who "
        "unsubscribed, bounced, complained or was erased here ever comes back by this. Killed "
        "half-way, give the same command again and it goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="a CSV file with a column of addresses")
        parser.add_argument(
            "--consent-source",
            metavar="WORDS",
            default="",
            help="how these people agreed, for example “Double opt-in at letters.example”",
        )
        parser.add_argument("--terms", metavar="VERSION", help="the version that they agreed to")
        parser.add_argument(
            "--terms-file",
            type=Path,
            metavar="FILE.md",
            help="the text of that version, where it is another list's; kept under --terms",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, and store nothing"
        )
        parser.add_argument(
            "--undo", type=int, metavar="NUMBER", help="take back the import of this number"
        )

    def handle(self, *args: Any, file: str | None, undo: int | None, **options: Any) -> None:
        if undo is not None:
            self.undo(undo)
        elif file:
            self.import_file(Path(file).resolve(), options)
        else:
            raise CommandError("Name a CSV file, or the number of an import to --undo.")

    def import_file(self, path: Path, options: dict[str, Any]) -> None:
        dry = options["dry_run"]
        terms = self.terms(options, dry=dry)
        refused = path.with_name(f"{path.name}.rejected.csv")
        try:
            task = Import(
                path,
                path.name,
                source=options["consent_source"],
                terms=terms,
                refused_path=None if dry else refused,
                dry=dry,
            )
            progress = Progress(self.stdout, task.look.lines)
            task.say, task.step = progress.say, progress.reach
            counts = task.run()
        except OSError as fault:
            raise CommandError(f"{fault.filename or path}: {fault.strerror}.") from fault
        except (TableFault, Running) as fault:
            raise CommandError(str(fault)) from fault
        progress.clear()
        self.sum_up(task, counts, refused)

    def sum_up(self, task: Import, counts: Counter[str], refused: Path) -> None:
        for line in report(task, counts):
            self.stdout.write(line)
        if counts["refused"]:
            self.stdout.write(f"The refused lines, with reasons: {refused}")
        if task.dry:
            self.stdout.write("Nothing was stored: this was a dry run.")
        else:
            self.stdout.write(f"To take it back: import_subscribers --undo {task.batch.pk}")

    def terms(self, options: dict[str, Any], *, dry: bool) -> Terms | None:
        source, version, path = (options[key] for key in ("consent_source", "terms", "terms_file"))
        if not (source or version or path):
            return None
        if not (source.strip() and version):
            raise CommandError(
                "--consent-source and --terms belong together: how did they agree, and to what?"
            )
        try:
            text = path.read_text(encoding="utf-8-sig") if path else None
            return foreign_terms.find(version, text, dry=dry)
        except (OSError, UnicodeDecodeError) as fault:
            raise CommandError(f"{path} cannot be read: {fault}") from fault
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault

    def undo(self, number: int) -> None:
        batch = ImportBatch.objects.filter(pk=number).first()
        if batch is None:
            raise CommandError(f"There is no import {number}.")
        gone = undoing.undo(batch)
        noun = "subscriber was" if gone == 1 else "subscribers were"
        self.stdout.write(
            f"{gone} {noun} taken off the list again. Whoever did something herself since stays."
        )
