"""Lists that come in by the newsroom instead of by the command."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.imports import foreign_terms
from newsletter.imports.run import Import, refused_row
from newsletter.models import ImportFile, Terms


def terms_of(brought: ImportFile, *, dry: bool) -> Terms | None:
    """What its people agreed to; raises ValidationError where there are no such terms."""
    if not brought.version:
        return None
    return foreign_terms.find(brought.version, brought.text or None, dry=dry)


@contextmanager
def opened(
    brought: ImportFile, say: Callable[[str], None] = lambda line: None, *, dry: bool
) -> Iterator[Import]:
    with TemporaryDirectory(prefix="pennypost-import-") as folder:
        path = Path(folder, "list.csv")
        path.write_bytes(brought.data)
        terms = terms_of(brought, dry=dry)
        yield Import(path, brought.name, brought.source, terms, dry=dry, say=say)


def rehearse(brought: ImportFile) -> tuple[Import, Counter[str], list[str]]:
    """The run, its counts and the first refused lines, as the real one would have them."""
    said: list[str] = []
    with opened(brought, said.append, dry=True) as run:
        return run, run.run(), said


def refused(brought: ImportFile) -> list[tuple[int, str, str]]:
    """The lines that would not be taken, under REFUSED_COLUMNS."""
    rows: list[tuple[int, str, str]] = []
    with opened(brought, dry=True) as run:
        run.refuse = lambda record, reason: rows.append(refused_row(record, reason))
        run.run()
    return rows


def carry_out(brought: ImportFile) -> Import:
    with opened(brought, dry=False) as run:
        run.run()
    brought.delete()
    return run
