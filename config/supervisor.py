"""Keeps the site's processes running: the web server and the background worker.

    python -m config.supervisor 'web=python -m granian …' 'worker=python -m config.worker'

Standard library only: this process lives as long as the site does and should cost next to no
memory, so `serve` and `worker` look the site over with Django first and then become this.
"""

import argparse
import contextlib
import ctypes
import logging
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from config.logs import AddRequestId, JsonFormatter, TextFormatter

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
# A process that ran this long has recovered: its next fall counts as the first.
STABLE = 30.0
# A worker is given this long to finish what it does; with the kill it stays below 30 seconds.
GRACE = 25.0

logger = logging.getLogger("pennypost.supervisor")
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Runs in the new process: if the supervisor is killed, Linux ends its children too."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Child:
    """One process that is wanted, with whatever it starts itself in a process group of its own."""

    def __init__(self, name: str, command: str) -> None:
        self.name, self.command = name, shlex.split(command)
        self.process: subprocess.Popen[bytes] | None = None
        self.falls = 0
        self.started_at = self.due_at = 0.0

    @classmethod
    def parse(cls, text: str) -> "Child":
        name, _, command = text.partition("=")
        return cls(name, command)

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # the command is ours
            self.command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_die_with_parent
        )

    def has_fallen(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def clear_away(self) -> None:
        """Make sure that nothing of it is left, and say when it should start again."""
        code = self.kill()
        now = time.monotonic()
        if now - self.started_at > STABLE:
            self.falls = 0
        delay = min(FIRST_DELAY * 2**self.falls, LONGEST_DELAY)
        self.falls += 1
        self.due_at = now + delay
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        logger.warning("The %s process ended (%s). Next start in %s s.", self.name, reason, delay)

    def terminate(self) -> None:
        if self.process:
            self.process.terminate()

    def kill(self) -> int:
        """Kill the whole group, since a dead web server leaves its own workers on the port."""
        if self.process is None:
            return 0
        # Nobody may be left; macOS then calls the killing of zombies not permitted.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self.process = None
        return code


class Supervisor:
    def __init__(self, children: list[Child], *, port: tuple[str, int] | None, text: str) -> None:
        self.children = children
        self.port, self.text = port, text
        self.stops = 0

    def run(self) -> int:
        """Keep all children running until SIGINT, SIGTERM or SIGHUP; returns the exit code."""
        self._listen_to_signals()
        while not self.stops:
            self._start_due()
            self._wait(self._pause())
            self._announce()
            for child in self.children:
                if child.has_fallen():
                    child.clear_away()
        return self._stop()

    def _listen_to_signals(self) -> None:
        # The pipe wakes select() below; waiting on an Event could deadlock with its own handler.
        self.wakeup, written = os.pipe()
        for end in (self.wakeup, written):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(written)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count_stop)

    def _count_stop(self, number: int, frame: FrameType | None) -> None:
        self.stops += 1

    def _start_due(self) -> None:
        for child in self.children:
            if child.process is None and child.due_at <= time.monotonic():
                child.start()

    def _pause(self) -> float | None:
        """Seconds until something is to be done; None while all is well."""
        dues = [child.due_at for child in self.children if child.process is None]
        if self.port:
            dues.append(time.monotonic() + 0.1)
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _wait(self, seconds: float | None) -> None:
        if select.select([self.wakeup], [], [], seconds)[0]:
            os.read(self.wakeup, 1024)

    def _announce(self) -> None:
        """Tell where the site is, once it really answers."""
        if self.port is None:
            return
        try:
            socket.create_connection(self.port, timeout=1).close()
        except OSError:
            return
        self.port = None
        print(self.text, flush=True)

    def _stop(self) -> int:
        """Ask all to end; kill what is left after the grace, or at a second signal.

        The web server can lose a SIGTERM in its first second, so asking is not enough.
        """
        deadline = time.monotonic() + GRACE
        print("Stopping. A second signal does it at once.", flush=True)
        for child in self.children:
            child.terminate()
        while self._someone_runs() and self.stops == 1 and time.monotonic() < deadline:
            self._wait(max(0.0, deadline - time.monotonic()))
        if self._someone_runs():
            logger.warning("Not everything ended by itself; the rest was killed.")
        for child in self.children:
            child.kill()
        return 0 if self.stops == 1 else 1

    def _someone_runs(self) -> bool:
        return any(child.process and not child.has_fallen() for child in self.children)


def main() -> int:
    parser = argparse.ArgumentParser(description="Keep some processes running.")
    parser.add_argument("children", nargs="+", type=Child.parse, metavar="NAME=COMMAND")
    parser.add_argument("--port", type=int, help="print the announcement when this port answers")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--announce", default="", metavar="TEXT")
    parser.add_argument("--log-format", choices=["text", "json"], default="text")
    options = parser.parse_args()
    handler = logging.StreamHandler()
    handler.addFilter(AddRequestId())
    handler.setFormatter(JsonFormatter() if options.log_format == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler])
    port = (options.host, options.port) if options.port else None
    return Supervisor(options.children, port=port, text=options.announce).run()


if __name__ == "__main__":
    sys.exit(main())
