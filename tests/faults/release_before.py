"""The code that an upgrade finds running: that of the release before, out of git's history."""

import shutil
import subprocess
from pathlib import Path

from tests.system import ROOT

# Stands for it until there is a release: the code before the constraints of a million readers
# were changed (newsletter.0022) and posts got a column (blog.0011).
NO_RELEASE_YET = "c8b9255224ff46b1d5f7505106e860935bc29db1"


def name() -> str:
    """What git calls it; empty where the checkout does not reach so far back."""
    wanted = _git("describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^") or NO_RELEASE_YET
    return _git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}")


def unpack(folder: Path) -> Path:
    """All its files, below `folder`; but the tests are ours, which ask the rig's questions."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", name()], cwd=ROOT, check=True, capture_output=True)
    files = ["tar", "-x", "-C", folder, "--exclude=tests"]
    subprocess.run(files, input=archive.stdout, check=True)
    shutil.copytree(ROOT / "tests", folder / "tests")
    return folder


def _git(*arguments: str) -> str:
    """What it says; empty where it fails, or is not there."""
    try:
        asked = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
