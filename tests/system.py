"""Real processes for the tests that are about starting, dying and stopping."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def until[Found](look: Callable[[], Found], seconds: float = 20) -> Found:
    """What `look` returns, as soon as that is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"Nothing within {seconds} seconds.")


def is_alive(pid: int) -> bool:
    """Whether it still runs; a zombie that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return children + [below for child in children for below in descendants(child)]


def command_of(pid: int) -> str:
    """Its command line; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        return ""


def development(folder: Path) -> dict[str, str]:
    """The environment of a site under development that keeps everything in `folder`."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "True",
        "SITE_URL": "",
        "EMAIL_URL": "",
        "DATABASE_URL": "",
        "VAR_DIR": str(folder),
        "WEB_WORKERS": "1",
    }


def manage(*arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code of a management command, and all that it printed."""
    with running("manage.py", *arguments, **environment) as process:
        output, _ = process.communicate(timeout=60)
    return process.returncode, output


def only(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a process; an empty value takes away what the tests' settings set."""
    return {name: value for name, value in (os.environ | environment).items() if value}


@contextlib.contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen]:
    """A process in a group of its own, of which nothing is left afterwards."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=only(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=40)
        process.stdout.close()
