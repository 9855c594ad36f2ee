"""The table of tests/bench/site.py, and what its figures should be."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tests.bench.load import Load, middle

HEAD = (
    f"{'requests a second':>38}{'milliseconds, warm and cold':>43}\n"
    f"{'':12}{'nginx':>8}{'bare':>7}{'warm':>7}{'cold':>6}{'÷ bare, warm, cold':>20}"
    f"{'p50':>8}{'p99':>14}{'MB':>11}"
)

Rows = dict[tuple[str, int], dict[str, "Row"]]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of page by every way in which it was served, round by round, and the megabytes that
    it left there."""

    page: str
    rounds: dict[str, list[Load]]
    memory: dict[str, float]
    note: str = ""

    @property
    def loads(self) -> dict[str, Load]:
        return {way: middle(loads) for way, loads in self.rounds.items()}

    def ratio(self, way: str) -> float | None:
        """To a bare view that sends the same bytes: the median of all rounds.

        In a round both are measured a second or two apart, and a machine that is slower for a
        while is so for both.
        """
        return self._beside_bare(way, "rate")

    def wait(self, way: str) -> float | None:
        """The median wait, in those for a bare view."""
        return self._beside_bare(way, "p50")

    def _beside_bare(self, way: str, figure: str) -> float | None:
        if "bare" not in self.rounds:
            return None
        pairs = zip(self.rounds[way], self.rounds["bare"], strict=True)
        return median(getattr(load, figure) / getattr(bare, figure) for load, bare in pairs)

    @property
    def errors(self) -> int:
        return sum(load.errors for load in self.loads.values())

    def __str__(self) -> str:
        rates = [self._cell(way, "rate", width) for way, width in WIDTHS.items()]
        ratios = [f"{ratio:10.2f}" if ratio else " " * 10 for ratio in map(self.ratio, TIMED)]
        times = [self._cell(way, name, 7, 1) for name in ("p50", "p99") for way in TIMED]
        taken = [f"{self.memory[way]:6.0f}" for way in TIMED if way in self.memory]
        note = f"\n{'':12}{self.note}" if self.note else ""
        failed = f"  {self.errors} ERRORS" if self.errors else ""
        return f"  {self.page:10}" + "".join([*rates, *ratios, *times, *taken]) + failed + note

    def _cell(self, way: str, name: str, width: int, digits: int = 0) -> str:
        if way not in self.loads:
            return " " * width
        return f"{getattr(self.loads[way], name):{width},.{digits}f}"


TIMED = ("warm", "cold")
WIDTHS = {"nginx": 8, "bare": 7, "warm": 7, "cold": 6}


def print_head(title: str) -> None:
    print(f"\n{title}\n{HEAD}", flush=True)


def print_goals(rows: Rows) -> None:
    """The worst figure of each kind beside what is wanted."""
    print("\nWanted")
    for text, figures, least, most in goals(rows):
        found = dict(figures)
        if not found:
            continue
        where = (min if most is None else max)(found, key=lambda name: found[name])
        worst = found[where]
        is_reached = worst >= least if most is None else worst <= most
        print(f"  {'yes' if is_reached else 'NO ':4}{text:58}{worst:8.2f}  {where}")


def goals(rows: Rows) -> Iterator[tuple]:
    """Each with its figures by where they were measured, and the least or the most wanted."""
    yield "warm at least 2 × a bare view", _ratios(rows, "warm"), 2, None
    yield "cold at least 0.1 × a bare view", _ratios(rows, "cold"), 0.1, None
    yield "cold p50 with the most posts at most 1.3 × with the least", _growth(rows), 0, 1.3
    yield "search p95 at most 50 ms, a reader a core", _of(rows, "search", "few", "p95"), 0, 50
    yield "search p95 at most 50 ms, eight readers", _of(rows, "search", "cold", "p95"), 0, 50
    yield "at least 300 sign-ups a second on SQLite", _sign_ups(rows), 300, None
    yield "no error", _errors(rows), 0, 0
    yield "at most 300 MB", _memory(rows), 0, 300


def _named(rows: Rows) -> Iterator[tuple[str, Row]]:
    for (database, posts), pages in rows.items():
        for page, row in pages.items():
            yield f"{page}, {database}, {posts:,} posts", row


def _ratios(rows: Rows, way: str) -> Iterator[tuple[str, float]]:
    return ((name, ratio) for name, row in _named(rows) if (ratio := row.ratio(way)) is not None)


def _growth(rows: Rows) -> Iterator[tuple[str, float]]:
    for database in {database for database, _ in rows}:
        sizes = sorted(posts for name, posts in rows if name == database)
        few, many = rows[database, sizes[0]], rows[database, sizes[-1]]
        for page, row in few.items():
            # In bare views, as the machine may be a slower one half an hour later.
            before, after = row.wait("cold"), many[page].wait("cold")
            if before and after:
                yield f"{page}, {database}", after / before


def _of(rows: Rows, page: str, way: str, figure: str) -> Iterator[tuple[str, float]]:
    for name, row in _named(rows):
        if row.page == page and way in row.loads:
            yield name, getattr(row.loads[way], figure)


def _sign_ups(rows: Rows) -> Iterator[tuple[str, float]]:
    return (one for one in _of(rows, "sign-up", "warm", "rate") if "SQLite" in one[0])


def _errors(rows: Rows) -> Iterator[tuple[str, float]]:
    return ((name, row.errors) for name, row in _named(rows))


def _memory(rows: Rows) -> Iterator[tuple[str, float]]:
    return ((name, taken) for name, row in _named(rows) for taken in row.memory.values())
