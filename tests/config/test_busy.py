"""A database file under eight processes that all write (case L01)."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.system import manage, running

pytestmark = pytest.mark.processes

PROCESSES, ROUNDS = 8, 12

TERMS = """
from newsletter.models import Terms
terms = Terms(version="1", text="We send you letters.")
terms.save()
terms.publish()
"""


@pytest.fixture
def site(prepared):
    manage("shell", "-v0", "-c", TERMS, **prepared)
    return prepared


def test_eight_writing_processes_lose_nothing_and_see_no_lock(site):
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                running("-m", "tests.config.busy", str(number), str(ROUNDS), **site)
            )
            for number in range(PROCESSES)
        ]
        said = [worker.communicate(timeout=300)[0] for worker in workers]

    assert said == [f"[303] {ROUNDS}\n"] * PROCESSES
    database = sqlite3.connect(Path(site["VAR_DIR"]) / "pennypost.sqlite3")
    counts = {
        table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in ("newsletter_subscriber", "newsletter_consent", "newsletter_notice")
    }
    mails = list((Path(site["VAR_DIR"]) / "mail").glob("*.eml"))
    statuses = database.execute("SELECT DISTINCT status FROM newsletter_notice").fetchall()
    database.close()
    total = PROCESSES * ROUNDS
    assert counts == {
        "newsletter_subscriber": total,
        "newsletter_consent": 2 * total,
        "newsletter_notice": total,
    }
    assert (len(mails), statuses) == (total, [("sent",)])
