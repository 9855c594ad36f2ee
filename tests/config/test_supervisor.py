"""The supervisor keeps its processes alive, and leaves none behind."""

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.system import is_alive, running, until

pytestmark = pytest.mark.processes

# Writes its process id, one line a start, and then waits.
PATIENT = "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'a')); time.sleep(60)"
# The same, but it cannot be asked to end.
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + PATIENT
# Starts one of its own, as a web server does.
PARENT = (
    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]);"
    + PATIENT
)


def child(name: str, code: str, *arguments: object) -> str:
    return f"{name}=" + shlex.join([sys.executable, "-c", code, *map(str, arguments)])


def supervise(*children: str):
    return running("-m", "config.supervisor", *children)


def started(file: Path, count: int = 1) -> list[int]:
    """The ids of the processes that wrote into `file`, once there are so many."""

    def read() -> list[int]:
        pids = [int(line) for line in file.read_text().split()] if file.exists() else []
        return pids if len(pids) >= count else []

    return until(read)


def test_killed_child_is_back_within_two_seconds(tmp_path):
    log = tmp_path / "pids"

    with supervise(child("patient", PATIENT, log)):
        [first] = started(log)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(log.read_text().split()) == 2, seconds=2)
        second = started(log, 2)[1]

        assert is_alive(second)
        assert not is_alive(first)


def test_children_of_a_killed_child_are_cleared_away(tmp_path):
    log = tmp_path / "pids"

    with supervise(child("parent", PARENT, log, PATIENT)):
        pids = started(log, 2)
        parent = next(pid for pid in pids if os.getpgid(pid) == pid)
        [grandchild] = {*pids} - {parent}
        os.kill(parent, signal.SIGKILL)
        started(log, 4)

        assert not is_alive(grandchild)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_ends_all_children_and_succeeds(number, tmp_path):
    logs = [tmp_path / "one", tmp_path / "two"]

    with supervise(*(child(log.name, PATIENT, log) for log in logs)) as supervisor:
        pids = [started(log)[0] for log in logs]
        supervisor.send_signal(number)
        code = supervisor.wait(timeout=10)

    assert code == 0
    assert [is_alive(pid) for pid in pids] == [False, False]


def test_second_signal_kills_what_does_not_end(tmp_path):
    log = tmp_path / "pids"

    with supervise(child("stubborn", STUBBORN, log)) as supervisor:
        [pid] = started(log)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.stdout.readline() == "Stopping. A second signal does it at once.\n"
        assert is_alive(pid)
        supervisor.send_signal(signal.SIGTERM)
        code = supervisor.wait(timeout=10)

    assert code == 1
    assert not is_alive(pid)


def test_failing_child_is_started_again_ever_more_rarely_while_others_live(tmp_path):
    log = tmp_path / "pids"

    with supervise(
        child("patient", PATIENT, log), child("failing", "raise SystemExit(3)")
    ) as supervisor:
        [patient] = started(log)
        lines = [supervisor.stdout.readline() for _ in range(2)]

        assert is_alive(patient)

    assert [line.partition("] ")[2] for line in lines] == [
        "The failing process ended (exit code 3). Next start in 0.5 s.\n",
        "The failing process ended (exit code 3). Next start in 1.0 s.\n",
    ]


def test_killed_supervisor_leaves_no_orphans(tmp_path):
    log = tmp_path / "pids"

    with supervise(child("patient", PATIENT, log)) as supervisor:
        [pid] = started(log)
        supervisor.kill()
        supervisor.wait()

        assert until(lambda: not is_alive(pid))
