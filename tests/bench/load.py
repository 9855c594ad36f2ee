"""Many visitors at once, made by wrk on the same cores as the server that they visit."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.faults.processes import HOST

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 8
# As a proxy that speaks https passes a reader on.
BEHIND_PROXY = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


@dataclass(frozen=True, slots=True)
class Load:
    """What became of the requests; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def visit(port: int, seconds: int, *paths: str, connections: int = CONNECTIONS) -> Load:
    """Ask for these pages in turn."""
    return _wrk(port, connections, seconds, "get", *paths)


def sign_up(port: int, seconds: int, first: int) -> Load:
    """Sign up with an address of its own each time, numbered from `first`."""
    return _wrk(port, CONNECTIONS, seconds, "sign-up", str(first))


def _wrk(port: int, connections: int, seconds: int, *arguments: str) -> Load:
    headers = [f"-H{name}: {value}" for name, value in ({"Host": HOST} | BEHIND_PROXY).items()]
    options = ["-t1", f"-c{connections}", f"-d{seconds}", "--timeout=20", f"-s{SCRIPT}"]
    address = f"http://127.0.0.1:{port}/"
    printed = subprocess.run(
        ["wrk", *options, *headers, address, "--", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    return Load(**json.loads(printed.stdout.splitlines()[-1]))


def middle(loads: list[Load]) -> Load:
    """Of several rounds the one with the median rate; the errors of all."""
    typical = sorted(loads, key=lambda load: load.rate)[len(loads) // 2]
    errors = sum(load.errors for load in loads)
    return Load(**{name: getattr(typical, name) for name in Load.__slots__} | {"errors": errors})
