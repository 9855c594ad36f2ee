"""The processes of a site under test: to be started, killed, asked to end, and visited."""

import http.client
import signal
import subprocess
import sys
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from tests.system import ROOT, free_port, only

HOST = "blog.example.com"


class Process:
    """One of them, of the code in `root`. Their logs go to one file."""

    def __init__(self, environment: dict[str, str], log: Path, root: Path, *command: str) -> None:
        self.environment, self.log, self.root, self.command = environment, log, root, command
        self.start()

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *self.command],
                cwd=self.root,
                env=only(self.environment),
                stdout=log,
                stderr=log,
            )

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """Like a power cut: it has no moment to do anything."""
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds: float = 30) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class Worker(Process):
    def __init__(self, environment: dict[str, str], log: Path, root: Path = ROOT) -> None:
        super().__init__(environment, log, root, "worker", "--unsupervised")


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    headers: Message
    text: str


class Server(Process):
    """The whole site as an operator runs it: web server and worker, under the supervisor."""

    def __init__(self, environment: dict[str, str], log: Path, root: Path = ROOT) -> None:
        self.port = free_port()
        super().__init__(environment, log, root, "serve", "--port", str(self.port))

    def get(self, path: str) -> Page:
        return self.request("GET", path)

    def request(self, method: str, path: str, body: str = "", **headers: str) -> Page:
        """As a reverse proxy passes it on, with no cookie and no second attempt.

        Status 0 where nobody answers.
        """
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            line.request(method, path, body or None, named | {"Host": HOST})
            answer = line.getresponse()
            return Page(answer.status, answer.headers, answer.read().decode())
        except OSError:
            return Page(0, Message(), "")
        finally:
            line.close()
