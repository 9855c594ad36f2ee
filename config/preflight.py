"""What must hold before a process of the site may start, and the step from command to process."""

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from config.health import fresh_connection, is_migrated
from newsletter import signing


def refuse_unready_site() -> None:
    """Exit with one plain sentence where the site could not work."""
    refuse_unusable_key()
    refuse_unwritable_folders()
    if not is_up_to_date():
        raise SystemExit("The database is not up to date. Run: manage.py migrate")


def refuse_unusable_key() -> None:
    """Each mail of an issue would fail for good, one after the other."""
    try:
        signing.check()
    except ImproperlyConfigured as fault:
        raise SystemExit(str(fault)) from fault


def refuse_unwritable_folders() -> None:
    for folder in written_folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise SystemExit(
                f"{folder} cannot be written to ({error.strerror}). VAR_DIR sets another place."
            ) from error


def written_folders() -> Iterator[Path]:
    """The folders that this set-up writes to; with everything on other servers there is none."""
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
        yield Path(settings.DATABASES["default"]["NAME"]).parent
    if settings.STORAGES["default"]["BACKEND"].endswith("FileSystemStorage"):
        yield settings.MEDIA_ROOT
    if settings.MAILERS["default"]["BACKEND"].endswith("MailboxBackend"):
        yield settings.MAILBOX_DIR


def is_up_to_date() -> bool:
    """Whether all migrations ran. Exits with one sentence where the database cannot be asked."""
    try:
        with fresh_connection() as database:
            return is_migrated(database)
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise SystemExit(f"The database cannot be used: {reason}") from error


def become_supervisor(
    commands: dict[str, list[str]], *arguments: str, **environment: str
) -> NoReturn:
    """Replace this process, and the memory it took, by one that keeps `commands` running."""
    children = [f"{name}={shlex.join(command)}" for name, command in commands.items()]
    supervisor = python(
        "config.supervisor", "--log-format", settings.LOG_FORMAT, *arguments, *children
    )
    # The C library would give each of many threads a heap of its own: 10 to 20 MB of holes.
    environment = {"MALLOC_ARENA_MAX": "2"} | os.environ | environment
    # The modules must be found from whatever folder manage.py was called in.
    places = [str(settings.BASE_DIR), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    sys.stdout.flush()
    os.execve(supervisor[0], supervisor, environment)  # noqa: S606


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module; -P keeps modules of the current folder out."""
    return [sys.executable, "-P", "-m", module, *arguments]


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
