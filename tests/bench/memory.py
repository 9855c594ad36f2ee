"""What a program takes of the machine's memory, with all its processes."""

import re
from pathlib import Path

from tests.system import descendants


def megabytes(pid: int) -> float:
    """Of a process and of all below it: what they share is counted once (PSS)."""
    return sum(_share(each) for each in (pid, *descendants(pid))) / 1024


def _share(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    return int(found[1]) if found else 0
