"""How long a search takes among 100,000 posts, by kind of question.

    python -m tests.bench.search [--posts 100000]

The whole page, uncached, on SQLite and on the PostgreSQL that TEST_DATABASE_URL names. haystack.py
has the posts and the questions; one word is in every post.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import machine
from tests.faults.rig import Template, environment
from tests.system import ROOT, only


def report(name: str, server: str, posts: int) -> None:
    with tempfile.TemporaryDirectory(prefix="pennypost-bench-") as place:
        folder = Path(place)
        with Template(folder / "template", 0, server) as template:
            settings = environment(folder, template.copy(folder))
            collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
            subprocess.run(collect, cwd=ROOT, env=only(settings), check=True)
            print(f"\n{name}", flush=True)
            haystack = [sys.executable, "-m", "tests.bench.haystack", str(posts)]
            subprocess.run(haystack, cwd=ROOT, env=only(settings), check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--posts", type=int, default=100_000)
    posts = parser.parse_args().posts
    servers = machine.databases()
    machine.describe(servers.get("PostgreSQL", ""))
    for name, server in servers.items():
        report(name, server, posts)


if __name__ == "__main__":
    main()
