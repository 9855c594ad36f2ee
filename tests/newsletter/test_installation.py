"""Which database is the same one as yesterday, and which is a copy of it."""

import os
import shutil
from pathlib import Path

import pytest
from django.db import connection

from newsletter.installation import identity
from tests.faults.marks import on_sqlite


@pytest.fixture
def database(tmp_path, monkeypatch):
    """The file of a database, as the site sees it."""
    file = tmp_path / "pennypost.sqlite3"
    file.write_bytes(b"SQLite format 3\0")
    monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
    return file


@on_sqlite
def test_file_stays_the_same_after_a_reboot(database, monkeypatch):
    """The disk may then be another device, and the folder be reached by another way."""
    before = identity()

    stat = os.stat(database)
    other_device = os.stat_result([*stat[:2], stat.st_dev + 7, *stat[3:]])
    monkeypatch.setattr(Path, "stat", lambda path: other_device)

    assert identity() == before


@on_sqlite
def test_file_stays_the_same_in_a_folder_that_was_moved(database, monkeypatch):
    before = identity()

    moved = database.parent.rename(database.parent.with_name("moved")) / database.name
    monkeypatch.setitem(connection.settings_dict, "NAME", str(moved))

    assert identity() == before


@on_sqlite
def test_copy_is_another_one_also_in_the_place_of_the_first(database):
    before = identity()

    copy = shutil.copy2(database, database.with_name("copy"))
    os.replace(copy, database)

    assert identity() != before


def test_other_site_is_another_one(db, settings):
    before = identity()

    settings.SITE_URL = "https://staging.example.com"

    assert identity() != before
