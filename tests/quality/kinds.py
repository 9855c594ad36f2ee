"""The checkers' word on every kind of page there is, by way of the browser tests."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.system import ROOT

# The test that asks each of them.
CHECKERS = {"vnu": "test_page_is_valid_html", "axe": "test_page_has_no_barrier"}


def look(jar: Path) -> list[str]:
    """Prints a line for each checker; returns what is amiss."""
    with tempfile.TemporaryDirectory(prefix="pennypost-quality-") as folder:
        report = Path(folder) / "report.xml"
        words = " or ".join(CHECKERS.values())
        options = ["-n", "auto", "-q", "tests/e2e", "-k", words, f"--junit-xml={report}"]
        printed = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=ROOT,
            env=os.environ | {"VNU_JAR": str(jar)},
            capture_output=True,
            text=True,
        ).stdout
        cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - pytest's own
    for name, test in CHECKERS.items():
        asked = [case for case in cases if case.get("name", "").startswith(test)]
        failed = [case for case in asked if len(case)]
        print(f"{name} on {len(asked)} kinds of page: {len(failed)} at fault", flush=True)
    return [printed] if any(len(case) for case in cases) else []
