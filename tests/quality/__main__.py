"""What machines say about the pages, as one table.

    python -m tests.quality [--runs 5]

The Nu HTML checker, axe-core and Lighthouse (its mobile setting) look at the demo, served with
production settings on this machine; the first two also at every kind of page that
tests/e2e/test_looks.py lists. Ends with exit code 1 where anything is not as it should be.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.chromium import launch_options
from tests.quality import demo, kinds, tools
from tests.quality.visit import Visit, visit

PAGES = {
    "home": "/",
    "post": "/posts/the-lamp-lighters-of-small-harbours/",
    "category": "/categories/slow-food/",
    "search": "/search/?q=bread",
    "newsletter": "/newsletter/",
}
# Of Lighthouse, each with the width of its column.
CATEGORIES = {"accessibility": 14, "best-practices": 16, "seo": 5, "performance": 13}
# Search engines are asked not to list it, which Lighthouse marks down.
UNLISTED = {"search"}
MOST_BYTES = 60_000
HEAD = (
    f"\n{'':14}{'accessibility':>14}{'best practices':>16}{'SEO':>5}{'performance':>13}"
    f"{'vnu':>6}{'axe':>5}{'first visit':>13}{'others':>8}{'cookies':>9}{'CSP':>5}"
)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    scores: dict[str, float]
    markup: list[str]
    visit: Visit

    def __str__(self) -> str:
        scores = [self.scores[each] for each in CATEGORIES]
        cells = [
            f"{score:{width}.0f}" for score, width in zip(scores, (14, 16, 5, 13), strict=True)
        ]
        counts = [len(self.markup), len(self.visit.barriers)]
        faults = [self.visit.count(kind) for kind in ("request", "cookie", "console")]
        return (
            f"{self.name:14}{''.join(cells)}{counts[0]:6}{counts[1]:5}"
            f"{self.visit.transferred / 1000:10.1f} kB{faults[0]:8}{faults[1]:9}{faults[2]:5}"
        )

    def faults(self) -> Iterator[str]:
        for category, score in self.scores.items():
            if score < 100 and not (category == "seo" and self.name in UNLISTED):
                yield f"{category} {score:.0f}"
        yield from self.markup
        yield from self.visit.barriers.values()
        yield from self.visit.faults
        if self.name == "post" and self.visit.transferred > MOST_BYTES:
            yield f"{self.visit.transferred} bytes for the first visit"


def looked_at(browser: Browser, place: Path, home: str, name: str, runs: int) -> Row:
    seen = visit(browser, home, PAGES[name])
    found = [tools.lighthouse(place, home + PAGES[name])["categories"] for _ in range(runs)]
    scores = {
        each: statistics.median(100 * one[each]["score"] for one in found) for each in CATEGORIES
    }
    return Row(name, scores, tools.markup_errors(tools.checker(place), seen.source), seen)


def is_there(address: str) -> bool:
    try:
        return urlopen(address).status == 200  # noqa: S310 - our own server
    except HTTPError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="of Lighthouse; the median counts")
    runs = parser.parse_args().runs
    place = tools.install()
    faults: list[str] = []
    print(HEAD, flush=True)
    with demo.served() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        for name, path in PAGES.items():
            if not is_there(home + path):
                print(f"{name:14}is not there", flush=True)
                continue
            row = looked_at(browser, place, home, name, runs)
            print(row, flush=True)
            faults += [f"{name}: {fault}" for fault in row.faults()]
        browser.close()
    faults += kinds.look(tools.checker(place))
    print("", *faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
