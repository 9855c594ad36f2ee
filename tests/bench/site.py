"""How fast pages are: on a small and a large blog, with and without what is kept of them.

    python -m tests.bench.site [--posts 1000 100000] [--seconds 1] [--rounds 7] [--only home]

The site as an operator runs it (`manage.py serve` with two web processes and a worker, production
settings, behind a proxy), on SQLite and on the PostgreSQL that TEST_DATABASE_URL names. Cold means
that no rendered bytes are kept between requests (PAGE_CACHE=off). Beside it a bare Django view on
the same web server, and nginx, send the very same bytes; all four take turns, page by page.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from tests.bench import beside, load, machine, memory, verdict
from tests.bench.load import Load
from tests.bench.verdict import Row
from tests.bench.words import SEARCHES
from tests.faults.processes import Server
from tests.faults.rig import Site, Template, site

WORKERS = 2
WARM_UP = 1
LONGER = 3
SEARCH = "search"
SIGN_UP = "sign-up"
SETTINGS = {"WEB_WORKERS": str(WORKERS), "TRUSTED_PROXIES": "127.0.0.1", "SEND_LEASE": "30"}


@dataclass
class Blog:
    """One that is served, warm and cold, with its pages' bytes served beside it."""

    made: Site
    pages: dict[str, str]
    servers: dict[str, Server]
    beside: dict[str, int] = field(default_factory=dict)

    def ways(self, page: str) -> dict[str, tuple[int, list[str]]]:
        """Every way to get a page: the port, and what to ask there for."""
        if page == SEARCH:
            others, paths = {}, [f"/search/?{urlencode({'q': words})}" for words in SEARCHES]
        else:
            others = {name: (port, [f"/{file_name(page)}"]) for name, port in self.beside.items()}
            paths = [self.pages[page]]
        return others | {name: (server.port, paths) for name, server in self.servers.items()}

    def fetch(self, path: str) -> tuple[int, str, str]:
        """The status, the content type and the text."""
        answer = self.servers["cold"].request("GET", path, **load.BEHIND_PROXY)
        return answer.status, answer.headers["Content-Type"], answer.text

    def memory(self) -> dict[str, float]:
        return {name: memory.megabytes(server.process.pid) for name, server in self.servers.items()}


def file_name(page: str) -> str:
    return page.replace(" ", "-")


@contextlib.contextmanager
def blog(place: Path, posts: int, server: str) -> Iterator[Blog]:
    """A site with so many posts; PostgreSQL where `server` names one."""
    with (
        Template(place / "template", 0, server) as template,
        site(template, place / "site", **SETTINGS) as made,
        contextlib.ExitStack() as stack,
    ):
        pages = made.ask(f"import_module('tests.bench.library').fill({posts})")
        warm = made.serve()
        cold = Server(made.environment | {"PAGE_CACHE": "off"}, made.log)
        stack.callback(cold.terminate)
        made.until(lambda: cold.get("/readyz/").status == 200, 60)
        served = Blog(made, pages, {"cold": cold, "warm": warm})
        folder = keep(served, place / "pages")
        served.beside["nginx"] = stack.enter_context(beside.nginx(folder, WORKERS))
        served.beside["bare"] = stack.enter_context(beside.bare_view(folder, WORKERS))
        yield served


def keep(served: Blog, folder: Path) -> Path:
    """The bytes of the pages as files, for those beside."""
    folder.mkdir()
    for page, path in served.pages.items():
        status, content_type, text = served.fetch(path)
        assert status == 200, (path, status)
        (folder / file_name(page)).write_text(text, newline="")
        (folder / f"{file_name(page)}.type").write_text(content_type)
    return folder


def visits(served: Blog, page: str, seconds: int, rounds: int) -> Row:
    """All ways take turns, round by round."""
    ways = served.ways(page)
    for port, paths in ways.values():
        load.visit(port, WARM_UP, *paths)
    loads: dict[str, list[Load]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (port, paths) in ways.items():
            loads[name].append(load.visit(port, seconds, *paths))
    return Row(page, loads, served.memory())


def searches(served: Blog, seconds: int, rounds: int) -> Row:
    """Also with as many readers at once as there are web processes, so that none waits in line."""
    row = visits(served, SEARCH, seconds, rounds)
    port, paths = served.ways(SEARCH)["cold"]
    loads = [load.visit(port, seconds, *paths, connections=WORKERS) for _ in range(rounds)]
    row = Row(SEARCH, row.rounds | {"few": loads}, row.memory)
    many, few = (row.loads[name].p95 for name in ("cold", "few"))
    return replace(row, note=f"p95 {many:.0f} ms, of {WORKERS} readers at once {few:.0f} ms")


def sign_ups(served: Blog, seconds: int, rounds: int) -> Row:
    """With limits on, each from a network of its own; whoever was answered must be in the books.

    The other site on this database ends before, since its worker would send half of the mails.
    Rounds last longer than those of pages: what eight begin and do not end would count for much.
    """
    served.servers.pop("cold").terminate()
    seconds *= LONGER
    before = books(served.made)
    port = served.servers["warm"].port
    loads = [load.sign_up(port, seconds, turn * 1_000_000) for turn in range(rounds)]
    answered = sum(each.requests for each in loads)
    added = {name: count - before[name] for name, count in books(served.made).items()}
    # wrk hangs up on those that are under way when its time is over.
    most = answered + rounds * load.CONNECTIONS
    is_right = all(answered <= count <= most for count in added.values())
    note = ", ".join(f"{count:,} {name}" for name, count in added.items())
    note = f"{answered:,} answered: {note}{'' if is_right else ' – WRONG'}"
    return Row(SIGN_UP, {"warm": loads}, served.memory(), note)


def books(made: Site) -> dict[str, int]:
    counted = {"rows": "Subscriber", "queued mails": "Notice"}
    return {
        name: made.ask(f"import_module('newsletter.models').{model}.objects.count()")
        for name, model in counted.items()
    }


def measure(posts: int, server: str, options: argparse.Namespace) -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="pennypost-bench-") as place,
        blog(Path(place), posts, server) as served,
    ):
        for page in served.pages:
            if is_wanted(page, options):
                yield visits(served, page, options.seconds, options.rounds)
        if is_wanted(SEARCH, options):
            yield searches(served, options.seconds, options.rounds)
        if is_wanted(SIGN_UP, options):
            yield sign_ups(served, options.seconds, options.rounds)


def is_wanted(page: str, options: argparse.Namespace) -> bool:
    return not options.only or page in options.only


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--posts", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", help="rows of the table: home, search, sign-up, …")
    options = parser.parse_args()
    servers = machine.databases()
    machine.describe(servers.get("PostgreSQL", ""))
    print(f"{load.CONNECTIONS} connections, {options.rounds} rounds of {options.seconds} s each")
    print(f"Searches: {', '.join(SEARCHES)}")
    rows: dict[tuple[str, int], dict[str, Row]] = {}
    for name, server in servers.items():
        for posts in options.posts:
            verdict.print_head(f"{name}, {posts:,} posts")
            for row in measure(posts, server, options):
                rows.setdefault((name, posts), {})[row.page] = row
                print(row, flush=True)
    verdict.print_goals(rows)


if __name__ == "__main__":
    main()
