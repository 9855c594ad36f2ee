"""For tests that are about one kind of database."""

import os

import pytest

on_sqlite = pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")), reason="about a database that is a file"
)
on_postgresql = pytest.mark.skipif(
    not os.environ.get("TEST_DATABASE_URL"), reason="about a database that is a server"
)
