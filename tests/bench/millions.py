"""A million readers: how long until all are written down for an issue, and how fast they come in.

    python -m tests.bench.millions [--rows 1000000]

On SQLite, and on the PostgreSQL that TEST_DATABASE_URL names. Memory is the most that the process
ever held, beside the same with a tenth of the rows: it must not grow with them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import machine
from tests.faults.rig import Template, environment
from tests.system import ROOT, only

# Done by the issue's own code in a process of its own, which is what a worker does as well.
FREEZE = """
from newsletter.models import Issue
from newsletter.sending import issues
from newsletter.sending.freezing import freeze_next
issue = Issue.objects.create(subject="A letter", body="A few words.")
issues.start(issue)
while freeze_next(issue):
    pass
"""
NOTHING = "from newsletter.sending import freezing, issues"


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    megabytes: float


def manage(settings: dict[str, str], *arguments: str) -> Run:
    """A management command to its end, which must be a good one."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=only(settings),
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return Run(time.perf_counter() - began, usage.ru_maxrss / 1024)


def freezing(folder: Path, readers: int, server: str) -> Run:
    """From the press of "Send" to the last reader's row."""
    with Template(folder / f"freeze-{readers}", readers, server) as template:
        site = folder / f"site-{readers}"
        site.mkdir()
        settings = environment(site, template.copy(site))
        start = manage(settings, "shell", "--no-imports", "-c", NOTHING)
        frozen = manage(settings, "shell", "--no-imports", "-c", FREEZE)
    return Run(frozen.seconds - start.seconds, frozen.megabytes)


def importing(folder: Path, rows: int, server: str) -> Run:
    """A list with the consent that its people gave elsewhere."""
    path = folder / f"list-{rows}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,subscribed_at\n")
        file.writelines(
            f"Reader{number}@provider{number % 997}.example.com,Reader {number},2024-03-01\n"
            for number in range(rows)
        )
    with Template(folder / f"import-{rows}", 0, server) as template:
        site = folder / f"import-site-{rows}"
        site.mkdir()
        settings = environment(site, template.copy(site))
        consent = ["--consent-source", "Double opt-in at letters.example", "--terms", "1"]
        return manage(settings, "import_subscribers", str(path), *consent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    machine.describe(machine.databases().get("PostgreSQL", ""))
    for name, server in machine.databases().items():
        print(f"\n{name}")
        with tempfile.TemporaryDirectory(prefix="pennypost-bench-") as folder:
            for what, measure in (("frozen", freezing), ("imported", importing)):
                few = measure(Path(folder), rows // 10, server)
                many = measure(Path(folder), rows, server)
                print(
                    f"  {rows:,} readers {what:9} in {many.seconds:>6.1f} s"
                    f"{rows / many.seconds:>8,.0f} a second  memory {many.megabytes:.0f} MB,"
                    f" with a tenth of them {few.megabytes:.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
