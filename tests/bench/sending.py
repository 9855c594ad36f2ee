"""How fast an issue leaves, beside Django's own send_messages with the same mails.

    python -m tests.bench.sending [--readers 10000]

The whole way of the product: from the call behind "Send" to the last settled row, by worker
processes that were there before, on SQLite and on the PostgreSQL that TEST_DATABASE_URL names.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import machine
from tests.faults.processes import Worker
from tests.faults.rig import Site, Template, site
from tests.faults.sink import Sink
from tests.system import free_port, until

# Makes a mail of about 10 KB, HTML and text together.
PARAGRAPH = (
    "The tide table on the harbour wall has been wrong since *March*, and nobody minds. Boats leave"
    " when the water is there; see [the almanac](https://blog.example.com/almanac/) for the rest."
)
PARAGRAPHS = 9
# Django's share is measured with fewer mails: it is slow, and as slow with a thousand as with ten.
DJANGO_MAILS = 1_000
SLOW = 0.02
# What a worker opens where SEND_CONNECTIONS says nothing.
FEW = 8


@dataclass(frozen=True, slots=True)
class Run:
    mails: int
    seconds: float
    megabytes: float
    """By how much the memory of the worker that grew most had grown at its highest."""

    @property
    def rate(self) -> float:
        return self.mails / self.seconds


@contextmanager
def fresh_site(template: Template, connections: int) -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="pennypost-bench-") as folder:
        more = {"SEND_CONNECTIONS": str(connections), "SEND_LEASE": "30"}
        with site(template, Path(folder), **more) as made:
            yield made


def measure(made: Site, workers: int, delay: float = 0.0) -> Run:
    """One issue to everybody; each must have got it once."""
    made.sink.set_rules(delay=delay)
    made.work(workers)
    for worker in made.workers:
        until(lambda worker=worker: is_idle(worker), 60)
    before = [memory(worker, "VmRSS") for worker in made.workers]
    began = time.perf_counter()
    made.send("\n\n".join([PARAGRAPH] * PARAGRAPHS))
    made.sink.wait_for(made.readers, 900)
    made.wait_until_finished()
    seconds = time.perf_counter() - began
    most = [memory(worker, "VmHWM") for worker in made.workers]
    result = made.result()
    assert result.is_good, result
    assert result.counts == {"sent": made.readers}, result
    growth = max(after - at_first for after, at_first in zip(most, before, strict=True))
    return Run(made.readers, seconds, growth)


def is_idle(worker: Worker) -> bool:
    """Whether it has started, and now waits for work."""
    before = processor_time(worker)
    time.sleep(1)
    return before > 0.3 and processor_time(worker) - before < 0.1


def processor_time(worker: Worker) -> float:
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(worker: Worker, name: str) -> float:
    """Megabytes, by a name of proc(5)."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) / 1024


# -- What the sinks can take, so that it is not they who are measured ------------------------------


def ceilings() -> Iterator[tuple[str, float]]:
    """Mails of 10 KB a second from Postfix's smtp-source, over one and sixteen connections."""
    if not shutil.which("smtp-source"):
        return
    with tempfile.TemporaryDirectory() as folder, Sink(Path(folder)) as sink:
        for sessions in (1, 16):
            yield f"this sink, {sessions} connections", blast(sink.port, sessions)
    if shutil.which("smtp-sink"):
        with postfix_sink() as port:
            for sessions in (1, 16):
                yield f"smtp-sink, {sessions} connections", blast(port, sessions)


def blast(port: int, sessions: int, mails: int = 10_000) -> float:
    began = time.perf_counter()
    subprocess.run(
        ["smtp-source", "-d", "-s", str(sessions), "-m", str(mails), "-l", "10240",
         "-f", "a@example.com", "-t", "b@example.com", f"127.0.0.1:{port}"],
        check=True,
    )  # fmt: skip
    return mails / (time.perf_counter() - began)


@contextmanager
def postfix_sink() -> Iterator[int]:
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "100"])
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


# -- The report ------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--slow-readers", type=int, default=4_000)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    servers = machine.databases()
    machine.describe(servers.get("PostgreSQL", ""))
    for name, rate in ceilings():
        print(f"smtp-source to {name:28}{rate:>8,.0f} mails/s")
    for name, server in servers.items():
        report(name, server, options)


def report(name: str, server: str, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pennypost-bench-")))
        many = stack.enter_context(Template(folder / "many", options.readers, server))
        few = stack.enter_context(Template(folder / "few", options.slow_readers, server))
        print(f"\n{name}, {options.connections} connections a worker")
        with fresh_site(many, options.connections) as made:
            made.sink.set_rules()
            ours = measure(made, 1)
            made.close()
            made.sink.set_rules(keep_raw=True)
            django_rate = made.ask(f"import_module('tests.bench.django_mail').rate({DJANGO_MAILS})")
            size = sum(map(len, made.sink.raw())) / DJANGO_MAILS / 1000
        print(f"  Django's send_messages, {size:.1f} KB each{django_rate:>21,.0f} mails/s")
        line("1 worker", ours, f"{ours.rate / django_rate:.1f} × Django")
        with fresh_site(many, FEW) as made:
            few_connections = measure(made, 1)
        line(
            f"1 worker, {FEW} connections",
            few_connections,
            f"{few_connections.rate / django_rate:.1f} × Django",
        )
        with fresh_site(many, options.connections) as made:
            two = measure(made, 2)
        line("2 workers", two, f"{two.rate / ours.rate:.2f} × one worker")
        print(f"  a server that answers after {SLOW * 1000:.0f} ms")
        slow = {}
        for workers in (1, 2):
            with fresh_site(few, options.connections) as made:
                slow[workers] = measure(made, workers, SLOW)
        line("1 worker", slow[1], "")
        line("2 workers", slow[2], f"{slow[2].rate / slow[1].rate:.2f} × one worker")


def line(name: str, run: Run, remark: str) -> None:
    print(
        f"  {name:24}{run.mails:>8,} mails in {run.seconds:>6.1f} s{run.rate:>8,.0f} mails/s"
        f"  memory +{run.megabytes:.1f} MB  {remark}",
        flush=True,
    )


if __name__ == "__main__":
    main()
