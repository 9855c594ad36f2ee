"""How long pages take while an issue is sent at full speed, beside how long they take at rest.

    python -m tests.bench.pages [--readers 10000] [--connections 16]

The site as an operator runs it (`manage.py serve`: two web processes and a worker), on SQLite and
on the PostgreSQL that TEST_DATABASE_URL names. Somebody turns its pages meanwhile.
"""

import argparse
import http.client
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

from tests.bench import machine
from tests.bench.sending import PARAGRAPH, PARAGRAPHS
from tests.faults.processes import HOST
from tests.faults.rig import Site, Template, site

# Seconds from one page to the next, and for how long the pages are turned at rest.
PACE, REST = 0.02, 10.0
# The first visits load what the later ones find in memory.
WARM_UP = 2.0
POSTS = 30
TEXT = "\n\n".join([PARAGRAPH] * PARAGRAPHS)

# The seconds that each page took, each time.
type Times = dict[str, list[float]]


def turn_pages(port: int, pages: list[str], is_over: threading.Event) -> Times:
    """Ask for one after the other over a connection that stays open, as that of a proxy does."""
    times: Times = {page: [] for page in pages}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    due = time.perf_counter()
    for page in cycle(pages):
        if is_over.wait(max(0.0, due - time.perf_counter())):
            break
        began = time.perf_counter()
        line.request("GET", page, headers={"Host": HOST})
        answer = line.getresponse()
        answer.read()
        times[page].append(time.perf_counter() - began)
        assert answer.status == 200, (page, answer.status)
        due = max(due + PACE, time.perf_counter())
    line.close()
    return times


def at_rest(port: int, pages: list[str], seconds: float) -> Times:
    is_over = threading.Event()
    timer = threading.Timer(seconds, is_over.set)
    timer.start()
    return turn_pages(port, pages, is_over)


def while_sending(made: Site, port: int, pages: list[str]) -> tuple[Times, float]:
    """From the first mail to the last; returns the mails a second as well."""
    is_over = threading.Event()
    made.send(TEXT)
    made.sink.wait_for(1, 60)
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        turning = pool.submit(turn_pages, port, pages, is_over)
        try:
            made.sink.wait_for(made.readers, 900)
        finally:
            is_over.set()
        rate = made.readers / (time.perf_counter() - began)
        times = turning.result()
    made.wait_until_finished()
    result = made.result()
    assert result.counts == {"sent": made.readers}, result
    assert result.is_good, result
    return times, rate


def report(name: str, server: str, options: argparse.Namespace) -> None:
    more = {"SEND_CONNECTIONS": str(options.connections), "SEND_LEASE": "30", "WEB_WORKERS": "2"}
    with tempfile.TemporaryDirectory(prefix="pennypost-bench-") as place:
        folder = Path(place)
        with (
            Template(folder / "template", options.readers, server) as template,
            site(template, folder / "site", **more) as made,
        ):
            post = made.ask(f"import_module('tests.bench.posts').publish({POSTS}, {TEXT!r})")
            pages = ["/", post]
            port = made.serve().port
            at_rest(port, pages, WARM_UP)
            rest = at_rest(port, pages, REST)
            busy, rate = while_sending(made, port, pages)
    print(f"\n{name}, {options.readers:,} mails, {rate:,.0f} a second beside the pages")
    print(f"{'at rest':>29}{'sending':>19}\n{'p50':>27}{'p95':>10}{'p50':>10}{'p95':>10}")
    for page in pages:
        line(page, rest[page], busy[page])


def line(page: str, rest: list[float], busy: list[float]) -> None:
    milliseconds = [share(times, part) * 1000 for times in (rest, busy) for part in (50, 95)]
    print(
        f"  {page:18}",
        *(f"{value:>6.1f} ms" for value in milliseconds),
        f" {milliseconds[3] / milliseconds[1]:.2f} × the p95 at rest"
        f" ({len(rest)} and {len(busy)} visits)",
        flush=True,
    )


def share(times: list[float], percent: int) -> float:
    """Below it are so many of a hundred."""
    return statistics.quantiles(times, n=100)[percent - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    servers = machine.databases()
    machine.describe(servers.get("PostgreSQL", ""))
    for name, server in servers.items():
        report(name, server, options)


if __name__ == "__main__":
    main()
