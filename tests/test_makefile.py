"""The list of commands that `make` alone prints."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_make_alone_explains_every_command():
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)

    assert re.findall(r"^make (\w+) +[A-Z]", result.stdout, re.MULTILINE) == targets[1].split()
