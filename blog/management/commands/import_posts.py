"""Posts from Markdown files."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog.importers import ImportedPost, ImportFault, markdown
from blog.importers.writer import Outcome, Writer
from blog.models import Author
from blog.progress import Progress
from blog.text import clean_line


class Command(BaseCommand):
    help = (
        "Imports a Markdown file, or all in a folder, with front matter: title, slug, summary, "
        "date, updated, status (draft or published), featured, categories, series, "
        "series_position, author, cover, cover_alt, canonical_url, meta_title, meta_description, "
        "language, translation_of (the slug of what was written first). A post is known by its "
        "slug: import again and only what changed in the files is taken over. Posts that were "
        "edited here as well are named and kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a Markdown file or a folder of them")
        parser.add_argument(
            "--author",
            metavar="USERNAME",
            help="whose posts they are where a file does not say; otherwise the first "
            "administrator's",
        )
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="let the file win where it and the post were both changed",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, and store nothing"
        )

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        path = path.resolve()
        if not path.exists():
            raise CommandError(f"There is no {path}.")
        try:
            files = markdown.files(path)
        except ImportFault as fault:
            raise CommandError(str(fault)) from fault
        if not files:
            raise CommandError(f"There is no Markdown file in {path}.")
        writer = Writer(find_author(options["author"]), options["overwrite"], options["dry_run"])
        self.progress = Progress(self.stdout, len(files))
        outcomes = Counter(self.outcomes(files, path, writer))
        self.progress.clear()
        self.sum_up(outcomes, dry_run=options["dry_run"])

    def outcomes(self, files: list[Path], path: Path, writer: Writer) -> Iterator[str]:
        folder = path if path.is_dir() else path.parent
        seen: dict[str, str] = {}
        # A translation waits until all that it may be a translation of is there.
        translations: list[Path] = []
        for number, file in enumerate(chain(files, translations)):
            try:
                imported = markdown.read(file, folder)
                if imported.translation_of and number < len(files):
                    translations.append(file)
                    continue
                refuse_double(imported, seen)
                self.warn(imported)
                outcome, post = writer.write(imported)
            except ImportFault as fault:
                self.progress.say(self.style.ERROR(clean_line(f"failed: {fault}")))
                yield "failed"
            else:
                address = post.get_absolute_url()
                self.tell(outcome, clean_line(f"{imported.source} → {address}"))
                yield outcome
            self.progress.step()

    def warn(self, imported: ImportedPost) -> None:
        for key in imported.unknown:
            line = imported.lines[key]
            said = f"note: {imported.source}:{line}: “{key}” means nothing here"
            self.progress.say(clean_line(said))

    def tell(self, outcome: Outcome, what: str) -> None:
        if outcome == Outcome.KEPT:
            what += ", which was edited here and in the file; --overwrite lets the file win"
        self.progress.say(f"{outcome}: {what}")

    def sum_up(self, outcomes: Counter[str], *, dry_run: bool) -> None:
        counted = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
        self.stdout.write(f"{'Nothing was stored. It would be: ' if dry_run else ''}{counted}")
        if left := outcomes["failed"] + outcomes[Outcome.KEPT]:
            raise CommandError(f"{left} of {outcomes.total()} files were not imported.")


def find_author(username: str | None) -> Author | None:
    if username:
        try:
            return Author.objects.get_by_natural_key(username)
        except Author.DoesNotExist:
            raise CommandError(f"There is no author with the username “{username}”.") from None
    return Author.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()


def refuse_double(imported: ImportedPost, seen: dict[str, str]) -> None:
    first = seen.setdefault(imported.slug, imported.source)
    if first != imported.source:
        raise imported.fault("slug", f"{first} has the same, “{imported.slug}”")
