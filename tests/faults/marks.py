"""For tests that are about one kind of database, or about a program that is not everywhere."""

import os
import shutil

import pytest

from tests.faults.redis import PROGRAM as REDIS

on_sqlite = pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")), reason="about a database that is a file"
)
on_postgresql = pytest.mark.skipif(
    not os.environ.get("TEST_DATABASE_URL"), reason="about a database that is a server"
)
with_postfix = pytest.mark.skipif(
    not shutil.which("postfix") or os.geteuid() != 0,
    reason="needs Postfix, and root to start it",
)
with_redis = pytest.mark.skipif(not REDIS, reason="needs Redis, to stop it")
