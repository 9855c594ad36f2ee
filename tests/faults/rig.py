"""A site with readers, a mail server that fails on demand, and workers to kill."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.faults.processes import HOST, Server, Worker
from tests.faults.sink import Sink
from tests.system import ROOT, only, until

CONNECTIONS = 8
# Short, so that a test need not wait long for what a dead worker held.
LEASE = 2


class DeskError(Exception):
    """What the site's own code raised."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of everybody. The first four are what an operator asks."""

    readers: int
    lost: int
    doubled: int
    unknown: int
    never_accepted: int
    """Of the unknown those whom the server never took."""
    most_unknown: int
    """Kills times open connections."""
    counts: dict[str, int]

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.doubled and self.unknown <= self.most_unknown


class Template:
    """A database with readers in it, to be copied for each site: SQLite, or a PostgreSQL by URL.

    `root` is where the code lies that makes it and works with it.
    """

    def __init__(self, folder: Path, readers: int, server: str = "", root: Path = ROOT) -> None:
        self.folder, self.readers, self.server, self.root = folder, readers, server, root
        self.number = secrets.token_hex(4)
        self.copies = 0
        self.file = folder / "template.sqlite3"
        folder.mkdir(parents=True, exist_ok=True)
        if server:
            self._create(self.number)
        with Desk(environment(folder, self._url(self.number)), root) as desk:
            desk.ask(f"prepare({readers})")

    def copy(self, folder: Path) -> str:
        """The URL of a database of one's own."""
        self.copies += 1
        name = f"{self.number}_{self.copies}"
        if self.server:
            self._create(name, self.number)
            return self._url(name)
        copy = folder / "pennypost.sqlite3"
        shutil.copyfile(self.file, copy)
        return f"sqlite:///{copy}"

    def remove(self) -> None:
        if self.server:
            names = [f"{self.number}_{copy + 1}" for copy in range(self.copies)]
            for name in [*names, self.number]:
                self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self.remove()

    def _url(self, name: str) -> str:
        if not self.server:
            return f"sqlite:///{self.file}"
        return urlsplit(self.server)._replace(path=f"/faults_{name}").geturl()

    def _create(self, name: str, template: str = "") -> None:
        if template:
            self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        else:
            self._execute("CREATE DATABASE {}", name)

    def _execute(self, statement: str, *names: str) -> None:
        identifiers = [sql.Identifier(f"faults_{name}") for name in names]
        with psycopg.connect(self.server, autocommit=True) as server:
            server.execute(sql.SQL(statement).format(*identifiers))  # type: ignore[arg-type]


def environment(folder: Path, database_url: str, **more: str) -> dict[str, str]:
    """That of a site in production which keeps everything in `folder`."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": os.devnull,
        "DEBUG": "False",
        "SECRET_KEY": "only-for-the-fault-rig-" + "x" * 50,
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": f"https://{HOST}",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url,
        "CACHE_URL": "",
        "STORAGE_URL": "",
        "EMAIL_URL": "",
        "SEND_LEASE": str(LEASE),
        "SEND_CONNECTIONS": str(CONNECTIONS),
        "SEND_TIMEOUT": "5",
        # Whatever the code warns about in a test run is of no use in a worker's log.
        "PYTHONWARNINGS": "",
    } | more


class Desk:
    """Asks the site's own code, in a process that starts once."""

    def __init__(self, environment: dict[str, str], root: Path = ROOT) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.desk"],
            cwd=root,
            env=only(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise DeskError("The site does not start.")

    def ask(self, expression: str) -> Any:
        self.process.stdin.write(f"{expression}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "fault" in answer:
            raise DeskError(answer["fault"])
        return answer["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


@dataclass
class Site:
    """A database of its own, its mail server, and the processes that work on it."""

    folder: Path
    sink: Sink
    environment: dict[str, str]
    desk: Desk
    readers: int
    root: Path = ROOT
    issue: str = ""
    workers: list[Worker] = field(default_factory=list)
    server: Server | None = None
    kills: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "site.log"

    def ask(self, expression: str) -> Any:
        """What a Python expression gives in the site; see desk.py for what it may name."""
        return self.desk.ask(expression)

    def send(self, body: str = "A few words.", subject: str = "A letter") -> None:
        self.issue = self.ask(f"start({body!r}, {subject!r})")

    def work(self, count: int = 1, **more: str) -> None:
        """Start so many workers."""
        settings = self.environment | more
        self.workers += [Worker(settings, self.log, self.root) for _ in range(count)]

    def serve(self) -> Server:
        """Start the whole site, with a worker in it; returns once it shows pages."""
        self.ask("call_command('collectstatic', verbosity=0, interactive=False)")
        self.server = server = Server(self.environment, self.log, self.root)
        self.until(lambda: server.get("/readyz/").status == 200, 60)
        return server

    def kill(self, worker: Worker) -> None:
        if worker.is_alive:
            worker.kill()
            self.kills += 1

    def progress(self) -> dict[str, Any]:
        """The newest issue as the site sees it; the books must balance at every moment."""
        found = self.ask("progress()")
        if found["is_frozen"]:
            assert sum(found["counts"].values()) == found["frozen"], found
        return found

    def is_finished(self) -> bool:
        return self.progress()["finished"]

    def wait_until_finished(self, seconds: float = 60) -> None:
        self.until(self.is_finished, seconds)

    def until[Found](self, look: Callable[[], Found], seconds: float = 20) -> Found:
        """What `look` returns once that is something; the site's log where it never is."""
        try:
            return until(look, seconds)
        except AssertionError as late:
            said = self.log.read_text()[-2000:] if self.log.exists() else ""
            raise AssertionError(f"{late}\n{self.progress()}\n{said}") from late

    def statuses(self) -> dict[str, int]:
        """How many rows there are of each status that any of them has."""
        return {name: count for name, count in self.progress()["counts"].items() if count}

    def result(self) -> Result:
        accepted = {
            recipient: count
            for (recipient, issue), count in self.sink.accepted().items()
            if issue == self.issue
        }
        status = {email: status for email, status, *_ in self.ask("rows()")}
        settled = {email for email, one in status.items() if one in {"failed", "skipped"}}
        unknown = {email for email, one in status.items() if one == "unknown"}
        everybody = {f"reader{number}@example.com" for number in range(self.readers)}
        return Result(
            readers=self.readers,
            lost=len(everybody - accepted.keys() - settled - unknown),
            doubled=sum(count - 1 for count in accepted.values()),
            unknown=len(unknown),
            never_accepted=len(unknown - accepted.keys()),
            most_unknown=self.kills * CONNECTIONS,
            counts=self.statuses(),
        )

    def close(self) -> None:
        for worker in self.workers:
            if worker.is_alive:
                worker.kill()
        if self.server and self.server.is_alive:
            self.server.terminate()


@contextlib.contextmanager
def site(template: Template, folder: Path, **more: str) -> Iterator[Site]:
    """A site on a copy of the template, with a sink that takes all; `more` are settings."""
    folder.mkdir(parents=True, exist_ok=True)
    with Sink(folder / "sink") as sink:
        settings = environment(folder, template.copy(folder), **{"EMAIL_URL": sink.url} | more)
        with Desk(settings, template.root) as desk:
            made = Site(folder, sink, settings, desk, template.readers, template.root)
            try:
                yield made
            finally:
                made.close()
