"""Taking subscribers over from a file: the same for a dry run and for the real one.

A file is read in chunks, one transaction each, which also moves the batch's own counters on. So a
run that dies goes on behind its last whole chunk, and ends as if it had never died.

What a file can never do: bring back who unsubscribed, bounced, complained or was erased here. What
it always can: take mail away.
"""

import csv
import hashlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import batched, chain, islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, reset_queries, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext

from newsletter.cells import guarded
from newsletter.imports import table, writing
from newsletter.imports.overlay import Overlay
from newsletter.imports.plan import Known, Plan
from newsletter.imports.table import Record
from newsletter.imports.wishes import Reader, Refused, Status, Wish
from newsletter.models import Delivery, ImportBatch, Subscriber, Terms
from newsletter.models.subscriber import address_hasher

logger = logging.getLogger("pennypost.subscribers")

CHUNK = 2000
SHOWN = 20
REFUSED_COLUMNS = ["line", "reason", "address"]


class Outcome(StrEnum):
    ADDED = "added"
    INVITED = "invited"
    STOPPED = "stopped"
    KNOWN = "known"
    REFUSED = "refused"


class Running(Exception):
    """Another process imports the same file at this moment."""


@dataclass
class Import:
    """One file with what it is imported with. `say` is given what people should read."""

    path: Path
    file_name: str
    source: str = ""
    terms: Terms | None = None
    refused_path: Path | None = None
    dry: bool = False
    say: Callable[[str], None] = lambda line: None
    # Given every refused record, of which people only read the first.
    refuse: Callable[[Record, str], None] = lambda record, reason: None
    step: Callable[[int], None] = lambda done: None

    def __post_init__(self) -> None:
        self.look = table.look(self.path)
        self.counts: Counter[str] = Counter()
        self.overlay: Overlay | None = None
        self.reader = Reader(address_hasher())
        self.now = timezone.now()

    @property
    def has_consent(self) -> bool:
        return bool(self.source and self.terms)

    def run(self) -> Counter[str]:
        """Import what is left of the file; returns the counts of all of it.

        Raises newsletter.imports.table.TableFault, OSError or Running.
        """
        rows = table.records(self.path, self.look.encoding)
        # A file without addresses shows here, before anything is written down.
        rows = chain(list(islice(rows, 1)), rows)
        if self.dry:
            return self._rehearse(rows)
        batch = self._batch()
        self.counts.update({outcome: getattr(batch, outcome) for outcome in Outcome})
        with RefusedFile(self.refused_path, batch.refused_bytes) as refused:
            for chunk in batched(islice(rows, batch.done, None), CHUNK):
                self._take(chunk, batch, refused)
                self.step(chunk[-1].line)
        self._finish(batch)
        return self.counts

    def _rehearse(self, rows: Iterator[Record]) -> Counter[str]:
        with closing(Overlay()) as self.overlay:
            for chunk in batched(rows, CHUNK):
                self._refuse(self._decide(chunk, Plan()))
                reset_queries()
                self.step(chunk[-1].line)
        return self.counts

    # --- The batch ---

    def _batch(self) -> ImportBatch:
        """A new one, or the one that died with the same file in its hands."""
        words = [self.look.digest, self.source, self.terms.text_hash if self.terms else ""]
        fingerprint = hashlib.sha256("\n".join(words).encode()).hexdigest()
        same = ImportBatch.objects.unfinished().filter(fingerprint=fingerprint)
        if begun := same.order_by("-pk").first():
            self.say(f"Going on behind record {begun.done} of import {begun.pk}.")
            return begun
        return ImportBatch.objects.create(
            file_name=self.file_name, source=self.source, terms=self.terms, fingerprint=fingerprint
        )

    def _finish(self, batch: ImportBatch) -> None:
        batch.finished_at = timezone.now()
        if not batch.invited:
            batch.invited_at = batch.finished_at
        batch.save(update_fields=["finished_at", "invited_at"])
        self.batch = batch
        counted = ", ".join(f"{self.counts[outcome]} {outcome}" for outcome in Outcome)
        logger.info("Import %s of a list of subscribers is done: %s", batch.pk, counted)

    # --- A chunk ---

    def _take(self, chunk: tuple[Record, ...], batch: ImportBatch, refused: "RefusedFile") -> None:
        before = Counter(self.counts)
        for tries_left in (2, 1, 0):
            try:
                with transaction.atomic():
                    faults = self._take_once(chunk, batch, refused)
            except IntegrityError:
                # Somebody signed up with one of these addresses between our look and our write.
                self.counts = Counter(before)
                if not tries_left:
                    raise
            else:
                break
        batch.refresh_from_db()
        self._refuse(faults)
        # With DEBUG on Django keeps every statement: of a million rows some gigabytes.
        reset_queries()

    def _take_once(
        self, chunk: tuple[Record, ...], batch: ImportBatch, refused: "RefusedFile"
    ) -> list[tuple[Record, str]]:
        mine = ImportBatch.objects.filter(pk=batch.pk, done=batch.done, finished_at__isnull=True)
        # Two processes with one file: the row makes the second wait, and then give up.
        if not mine.update(done=F("done") + len(chunk)):
            raise Running(f"Import {batch.pk} is run by another process.")
        plan = Plan()
        faults = self._decide(chunk, plan)
        writing.write(plan, batch)
        length = refused.add(batch.refused_bytes, faults)
        counts = {outcome.value: self.counts[outcome] for outcome in Outcome}
        ImportBatch.objects.filter(pk=batch.pk).update(refused_bytes=length, **counts)
        return faults

    def _refuse(self, faults: list[tuple[Record, str]]) -> None:
        before = self.counts[Outcome.REFUSED] - len(faults)
        for record, reason in faults[: max(0, SHOWN - before)]:
            line = gettext("line %(number)s: %(reason)s")
            self.say(line % {"number": record.line, "reason": reason})
        for record, reason in faults:
            self.refuse(record, reason)

    def _decide(self, chunk: tuple[Record, ...], plan: Plan) -> list[tuple[Record, str]]:
        """Count what becomes of each record and fill the plan; returns the refused ones."""
        faults, wishes = [], []
        for record in chunk:
            try:
                wishes.append((record, self.reader.read(record)))
            except Refused as reason:
                faults.append((record, str(reason)))
        known = self._known([wish.hash for _, wish in wishes])
        changed: dict[str, Known] = {}
        for record, wish in wishes:
            try:
                outcome = self._settle(wish, known, plan)
            except Refused as reason:
                faults.append((record, str(reason)))
            else:
                self.counts[outcome] += 1
                if outcome != Outcome.KNOWN:
                    changed[wish.hash] = known[wish.hash]
        self.counts[Outcome.REFUSED] += len(faults)
        if self.overlay:
            self.overlay.remember(changed)
        return sorted(faults, key=lambda fault: fault[0].line)

    def _settle(self, wish: Wish, known: dict[str, Known], plan: Plan) -> Outcome:
        """Decide on one wish; raises Refused. `known` then says what will be at the address."""
        found = known.get(wish.hash)
        if wish.stops:
            return _stop(wish, found, known, plan)
        wish.status = Status.ACTIVE if self._may_be_active(wish) else Status.PENDING
        outcome = Outcome.ADDED if wish.status == Status.ACTIVE else Outcome.INVITED
        if found is None:
            plan.create[wish.hash] = wish
            known[wish.hash] = Known.after(wish)
            return outcome
        _refuse_stopped(found)
        is_better = found.status == Status.PENDING and wish.status == Status.ACTIVE
        if not (found.is_undone or is_better):
            return Outcome.KNOWN
        if found.pk is None:
            plan.change(wish)
        else:
            plan.take[wish.hash] = (found.pk, wish)
        known[wish.hash] = Known.after(wish, found.pk)
        return outcome

    def _may_be_active(self, wish: Wish) -> bool:
        """Whom her old list never had confirmed is asked here as well."""
        return self.has_consent and wish.status != Status.PENDING

    def _known(self, hashes: list[str]) -> dict[str, Known]:
        rows = Subscriber.objects.filter(address_hash__in=hashes).order_by("pk")
        if not self.dry:
            # Nobody may unsubscribe between our look and our write.
            rows = rows.select_for_update(of=("self",))
        was_written_to = Delivery.objects.filter(subscriber=OuterRef("pk"))
        columns: Any = rows.annotate(written_to=Exists(was_written_to)).values_list(
            "address_hash",
            "status",
            "suppressed_for",
            "confirmed_at",
            "pk",
            "unsubscribed_at",
            "imported_in__undone_at",
            "written_to",
        )
        known: dict[str, Known] = {}
        for key, status, suppressed, confirmed_at, pk, left_at, undone_at, written_to in columns:
            is_undone = left_at is not None and left_at == undone_at and not written_to
            row = Known(status, confirmed_at, pk, bool(suppressed), is_undone)
            if (other := known.get(key)) is not None:
                # An erased row beside a living one: what stops mail counts for both.
                row = row if other.status == Status.ERASED else other
                row.suppressed = bool(suppressed) or other.suppressed
            known[key] = row
        if self.overlay:
            known |= self.overlay.recall(hashes)
        return known


def _stop(wish: Wish, found: Known | None, known: dict[str, Known], plan: Plan) -> Outcome:
    if found is None:
        plan.create[wish.hash] = wish
        known[wish.hash] = Known.after(wish)
        return Outcome.STOPPED
    if found.status == Status.ERASED:
        raise Refused(gettext("this address was erased here"))
    if not _takes_away(wish, found):
        return Outcome.KNOWN
    if found.pk is None:
        plan.change(wish)
    else:
        plan.take.pop(wish.hash, None)
        plan.stop[wish.hash] = (found.pk, wish)
    known[wish.hash] = Known.after(wish, found.pk)
    return Outcome.STOPPED


def _takes_away(wish: Wish, found: Known) -> bool:
    if found.status in {Status.BOUNCED, Status.COMPLAINED}:
        return False
    if found.status == Status.UNSUBSCRIBED:
        return found.is_undone or wish.status != Status.UNSUBSCRIBED
    # She left elsewhere, and said yes here after that.
    said_yes_since = (
        wish.status == Status.UNSUBSCRIBED
        and wish.unsubscribed_at is not None
        and found.confirmed_at is not None
        and wish.unsubscribed_at < found.confirmed_at
    )
    return not said_yes_since


def _refuse_stopped(found: Known) -> None:
    if found.suppressed or found.status in {Status.BOUNCED, Status.COMPLAINED}:
        raise Refused(gettext("mail to this address bounced or was complained about"))
    if found.status == Status.ERASED:
        raise Refused(gettext("this address was erased here"))
    if found.status == Status.UNSUBSCRIBED and not found.is_undone:
        raise Refused(gettext("this address is unsubscribed here"))


def refused_row(record: Record, reason: str) -> tuple[int, str, str]:
    """Under REFUSED_COLUMNS; its texts may look like formulas."""
    return record.line, reason, record.cells.get("email", "")[:254]


class RefusedFile:
    """The refused lines, as far as the batch has come.

    What a killed run wrote behind its last whole chunk is cut off; that chunk writes it again.
    """

    def __init__(self, path: Path | None, length: int) -> None:
        self.path, self.length = path, length

    def __enter__(self) -> "RefusedFile":
        if self.path:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            self.file = open(handle, "r+", encoding="utf-8", newline="")
        return self

    def __exit__(self, *fault: object) -> None:
        if not self.path:
            return
        self.file.close()
        if not fault[0] and not self.path.stat().st_size:
            self.path.unlink()

    def add(self, length: int, faults: list[tuple[Record, str]]) -> int:
        """Write the lines behind the first `length` bytes; returns how many there are now."""
        if not self.path:
            return 0
        self.file.seek(min(length, self.path.stat().st_size))
        self.file.truncate()
        write = csv.writer(self.file).writerow
        if faults and not self.file.tell():
            write(REFUSED_COLUMNS)
        for record, reason in faults:
            line, *texts = refused_row(record, reason)
            write([line, *map(guarded, texts)])
        self.file.flush()
        os.fsync(self.file.fileno())
        return self.file.tell()
