"""The soak: kill -9 at random moments, and nobody may be lost or get two.

    python -m tests.faults.soak [--readers 10000] [--kills 20] [--workers 2] [--seed 1]

Runs on SQLite, and on PostgreSQL where TEST_DATABASE_URL names one. Exits 1 on any miss.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.rig import Result, Site, Template, site

# A server that has each mail a while before it says so: then a kill finds many in doubt.
PACE = {"delay": 0.002, "delay_at_end": 0.02}


def soak(site: Site, *, kills: int, workers: int, dice: random.Random) -> Result:
    """Send to everybody, kill a worker after each of `kills` random numbers of mails, go on."""
    site.sink.set_rules(**PACE)
    site.work(workers)
    site.send()
    moments = sorted(dice.sample(range(1, site.readers * 19 // 20), kills))
    for moment in moments:
        site.until(lambda moment=moment: has_taken(site, moment), 120)
        # Anywhere in the milliseconds between two looks at the sink.
        time.sleep(dice.random() * 0.02)
        victim = dice.choice(site.workers)
        site.kill(victim)
        victim.start()
    site.wait_until_finished(300)
    return site.result()


def has_taken(site: Site, count: int) -> bool:
    return site.sink.counts().get("accepted", 0) >= count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("readers", 10_000), ("kills", 20), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    options = parser.parse_args()
    print(
        f"{options.readers:,} readers, {options.workers} workers, {options.kills} kill -9,"
        f" seed {options.seed}"
    )
    print(f"{'':12}{'lost':>8}{'doubled':>9}{'unknown':>9}{'never accepted':>16}"
          f"{'kills × connections':>21}{'seconds':>9}")  # fmt: skip
    servers = {"SQLite": "", "PostgreSQL": os.environ.get("TEST_DATABASE_URL", "")}
    results = [
        run(name, server, options) for name, server in servers.items() if server or name == "SQLite"
    ]
    if not servers["PostgreSQL"]:
        print("No TEST_DATABASE_URL, so no PostgreSQL: bin/services -- make faults brings one.")
    return 0 if all(result.is_good for result in results) else 1


def run(name: str, server: str, options: argparse.Namespace) -> Result:
    with tempfile.TemporaryDirectory(prefix="pennypost-faults-") as place:
        folder = Path(place)
        with (
            Template(folder / "template", options.readers, server) as template,
            site(template, folder / "site") as made,
        ):
            began = time.monotonic()
            dice = random.Random(options.seed)  # noqa: S311  # only the moments of the kills
            found = soak(made, kills=options.kills, workers=options.workers, dice=dice)
            seconds = time.monotonic() - began
    print(
        f"{name:12}{found.lost:>8}{found.doubled:>9}{found.unknown:>9}{found.never_accepted:>16}"
        f"{found.most_unknown:>21}{seconds:>9.0f}",
        flush=True,
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
