"""What a figure was measured on, since it says little without."""

import os
import platform
import sqlite3
from pathlib import Path

import django
import psycopg

SHOWN = ("server_version", "fsync", "synchronous_commit")


def describe(server: str) -> None:
    """Print it; `server` is the URL of the PostgreSQL that is measured too, or empty."""
    print(f"{os.cpu_count()} cores of {processor()}, {platform.system()} {platform.release()}")
    print(f"Python {platform.python_version()}, Django {django.__version__},", end=" ")
    print(f"SQLite {sqlite3.sqlite_version}", end="")
    if server:
        with psycopg.connect(server) as connection:
            asked = [connection.execute(f"SHOW {name}").fetchone() for name in SHOWN]
        print(", PostgreSQL", *(f"{n} {v[0]}" for n, v in zip(SHOWN, asked, strict=True)), end="")
    print()


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((one.partition(":")[2].strip() for one in lines if "model name" in one), "unknown")


def databases() -> dict[str, str]:
    """What is measured, and where it is: a file each time, or a server."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    return {"SQLite": ""} | ({"PostgreSQL": server} if server else {})
