"""The lock files: installable from anywhere, checked by hash, each containing the smaller ones."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "requirements"
LOCKS = ["base", "dev", "extras", "test", "uv"]


def requirements(name: str) -> dict[str, str]:
    """What a lock pins: `{"django==6.1.3": its hashes}`."""
    joined = (FOLDER / f"{name}.txt").read_text().replace("\\\n", "")
    return dict(line.split(maxsplit=1) for line in joined.splitlines())


def test_these_are_all_locks():
    assert sorted(path.stem for path in FOLDER.iterdir()) == LOCKS


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_registry(name):
    text = (FOLDER / f"{name}.txt").read_text()

    assert "--hash=sha256:" in text
    assert "://" not in text
    # Where to look for packages could only stand in an option on a line of its own.
    assert [pin for pin in requirements(name) if pin.startswith("-")] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_with_hashes(name):
    loose = [
        pin
        for pin, rest in requirements(name).items()
        if not re.fullmatch(r"[a-z0-9._-]+==[^\s;]+", pin)
        or not re.fullmatch(r"(; .+?)?(\s*--hash=sha256:[0-9a-f]{64})+", rest)
    ]

    assert loose == []


# bootstrap.sh relies on it: whoever has installed dev needs nothing more for base.
@pytest.mark.parametrize(
    ("smaller", "larger"),
    [("base", "test"), ("base", "extras"), ("test", "dev"), ("extras", "dev")],
)
def test_larger_lock_contains_the_smaller(smaller, larger):
    assert requirements(smaller).items() <= requirements(larger).items()
