"""Which installation this is: a restored or cloned database must not send what the first one sends.

An issue belongs to the installation that scheduled or started it. The identity is read from where
the database is. A backup that is put back in its old place has that of before:
newsletter/sending/memory.py notices it.
"""

import hashlib
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction


def identity() -> str:
    """The site's address and the database it lives in, as 32 hexadecimal digits."""
    place = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    return hashlib.sha256(f"{settings.SITE_URL} {place}".encode()).hexdigest()[:32]


def _sqlite() -> str:
    """A copied or restored file is another file on its disk.

    The disk itself has no number that lasts: its device may have another after a reboot, and what
    statvfs() says of it is made of that on some file systems.
    """
    name = str(connection.settings_dict["NAME"])
    try:
        return str(Path(name).stat().st_ino)
    except OSError:  # in memory
        return name


def _postgresql() -> str:
    """The cluster's own number, made when it was set up, and the database in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        number = cursor.fetchone()[0]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier FROM pg_control_system()")
            return f"{cursor.fetchone()[0]}:{number}"
    except DatabaseError:  # some hosts keep it to themselves
        return str(number)
