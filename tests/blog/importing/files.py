"""Markdown files to import, and what the command says of them."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def write(file: Path, matter: str = "title: Hello", body: str = "Good morning.") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{matter}\n---\n\n{body}\n")
    return file


def run(path: Path, *options: str) -> list[str]:
    """What the command says, line by line. Raises CommandError where it would end with 1."""
    out = StringIO()
    call_command("import_posts", str(path), *options, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def run_with_faults(path: Path, *options: str) -> list[str]:
    """What it says where not all could be imported."""
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("import_posts", str(path), *options, stdout=out, no_color=True)
    return out.getvalue().splitlines()
