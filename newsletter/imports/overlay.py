"""What a dry run would have stored, kept beside the database instead of in it.

On disk, so that a million addresses need no memory; with it the second line of one person is
known to the dry run as it will be to the real one.
"""

import sqlite3
from datetime import datetime

from newsletter.imports.plan import Known


class Overlay:
    def __init__(self) -> None:
        # SQLite deletes this file itself, even after a crash.
        self.rows = sqlite3.connect("", isolation_level=None)
        self.rows.execute(
            "CREATE TABLE seen (hash TEXT PRIMARY KEY, status TEXT, confirmed_at TEXT, pk INTEGER)"
            " WITHOUT ROWID"
        )

    def remember(self, changed: dict[str, Known]) -> None:
        rows = [
            (key, row.status, row.confirmed_at and row.confirmed_at.isoformat(), row.pk)
            for key, row in changed.items()
        ]
        self.rows.execute("BEGIN")
        self.rows.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", rows)
        self.rows.execute("COMMIT")

    def recall(self, hashes: list[str]) -> dict[str, Known]:
        marks = ",".join("?" * len(hashes))
        found = self.rows.execute(f"SELECT * FROM seen WHERE hash IN ({marks})", hashes)  # noqa: S608
        return {
            key: Known(status, confirmed_at and datetime.fromisoformat(confirmed_at), pk)
            for key, status, confirmed_at, pk in found
        }

    def close(self) -> None:
        self.rows.close()
