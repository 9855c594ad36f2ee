"""A scripted mail server in a process of its own, for tests about whatever can go wrong.

with Sink(folder) as sink:
    sink.set_rules(Rule("RCPT", "450 4.2.0 Later", who="*7@*", times=2), delay=0.02)
"""

import json
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.rules import Rule
from tests.system import ROOT, until

__all__ = ["Event", "Rule", "Sink"]


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the sink's log. `what` is `accepted`, `connected`, `closed` or a rule's phase."""

    at: float
    what: str
    recipient: str
    message_id: str
    feedback_id: str
    detail: str

    @property
    def issue(self) -> str:
        return self.feedback_id.partition(":")[0]


class Sink:
    """The log is read from the file, so it can be asked after the sink was killed as well."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.log = folder, folder / "sink.log"
        self.log.touch()
        self.port = port

    def start(self) -> Self:
        """Also after a stop or a kill: it comes back on its port and goes on in its log."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", str(self.log), str(self.port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port, orders = map(int, self.process.stdout.readline().split())
        self.line = socket.create_connection(("127.0.0.1", orders))
        self.control = self.line.makefile("rw")
        return self

    def stop(self) -> None:
        """At once, with all its connections: as good as a power cut to its clients."""
        self.control.close()
        self.line.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def set_rules(self, *rules: Rule, **orders: float | bool) -> dict[str, int]:
        """Replace all that was ordered before; `orders` are those of server.Orders."""
        return self._ask(json.dumps(orders | {"rules": [rule.as_json for rule in rules]}))

    def counts(self) -> dict[str, int]:
        """How often each event happened, and the connections that are and were open at once."""
        return self._ask("")

    def _ask(self, order: str) -> dict[str, int]:
        self.control.write(f"{order}\n")
        self.control.flush()
        return Counter(json.loads(self.control.readline()))

    def events(self, what: str = "") -> list[Event]:
        lines = [line.split("\t") for line in self.log.read_text().splitlines()]
        found = [Event(float(at), *rest) for at, *rest in lines]
        return [event for event in found if what in {"", event.what}]

    def accepted(self) -> Counter[tuple[str, str]]:
        """How often each (recipient, issue) was taken."""
        return Counter((event.recipient, event.issue) for event in self.events("accepted"))

    def raw(self) -> list[bytes]:
        """The mails as they were on the wire; kept while `keep_raw` is ordered."""
        return [path.read_bytes() for path in sorted(self.folder.glob("*.eml"))]

    def wait_for(self, count: int, seconds: float = 20) -> None:
        """Until so many mails were taken."""
        until(lambda: self.counts().get("accepted", 0) >= count, seconds)
