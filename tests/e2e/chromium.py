"""The system's Chromium, kept quiet."""

import os
import shutil
from typing import Any


def launch_options() -> dict[str, Any]:
    """For Playwright's `launch()`."""
    # Chromium refuses to keep its sandbox for root, who runs the tests in most containers.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": shutil.which("chromium"), "args": QUIET + sandbox}


QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
