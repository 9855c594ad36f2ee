"""Numbers turned into shapes: whole numbers that a template prints into an SVG."""

from dataclasses import dataclass

from newsletter.progress import Progress
from newsletter.stats import Growth

STEP, GAP = 8, 2
HEIGHT = 120


@dataclass(frozen=True, slots=True)
class Bar:
    kind: str
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars up for those who came, down for those who went, around one line."""

    width: int
    height: int
    bar_width: int
    baseline: int
    bars: list[Bar]


def growth_bars(growth: Growth) -> Bars:
    up = max((day.came for day in growth.days), default=0)
    down = max((day.went for day in growth.days), default=0)
    unit = HEIGHT / max(up + down, 1)
    baseline = round(up * unit)
    bars = []
    for place, day in enumerate(growth.days):
        if day.came:
            height = max(round(day.came * unit), 1)
            bars.append(Bar("came", place * STEP, baseline - height, height))
        if day.went:
            bars.append(Bar("went", place * STEP, baseline, max(round(day.went * unit), 1)))
    return Bars(len(growth.days) * STEP, HEIGHT, STEP - GAP, baseline, bars)


BAR_WIDTH = 1000
# A few failed among a million must not vanish.
THINNEST = 6


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    x: int
    width: int


def progress_bar(progress: Progress) -> list[Piece]:
    """Side by side on a bar that is BAR_WIDTH wide; what is left of it still waits."""
    pieces, x = [], 0
    for kind in ("sent", "failed", "skipped", "unknown"):
        number = getattr(progress, kind)
        width = round(BAR_WIDTH * number / max(progress.total, 1))
        width = min(max(width, THINNEST if number else 0), BAR_WIDTH - x)
        pieces.append(Piece(kind, x, width))
        x += width
    return pieces
