"""An import that is killed half-way: case J06, with real processes and a database of their own."""

import csv
import signal
import sqlite3
from contextlib import closing

import pytest
from django.db import connection

from tests.system import development, manage, running, until

pytestmark = pytest.mark.processes

LINES = 30_000
CONSENT = ["--consent-source", "Double opt-in at letters.example", "--terms", "1"]
PREPARE = """
from django.utils import timezone
from newsletter.models import Subscriber, Terms
from newsletter.models.subscriber import hash_address
terms = Terms.objects.create(version="1", text="x", published_at=timezone.now())
for email in ("reader500@example.com", "reader29500@example.com"):
    Subscriber.objects.create(email=email, key=email, address_hash=hash_address(email),
        status="bounced", agreed_to_terms=True, terms=terms, suppressed_for="bounce")
"""
COUNTS = {
    "all": "SELECT count(*) FROM newsletter_subscriber",
    "active": "SELECT count(*) FROM newsletter_subscriber WHERE status = 'active'",
    "bounced": "SELECT count(*) FROM newsletter_subscriber WHERE status = 'bounced'",
    "proofs": "SELECT count(DISTINCT subscriber_id) FROM newsletter_consent",
    "events": "SELECT count(*) FROM newsletter_consent",
}


def lines():
    """Good ones, some of them twice, bad ones with a line break, and some that bounced."""
    yield "email;name;status\r\n"
    for number in range(LINES):
        if number % 1000 == 7:
            yield f'not an address {number};"a ""quoted""\r\nname";\r\n'
        elif number % 1000 == 8:
            yield f"reader{number - 10 if number > 8 else 0}@example.com;twice;\r\n"
        else:
            yield f'Reader{number}@example.com;"Reader; {number}";\r\n'


def count(database, what):
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        return reader.execute(COUNTS[what]).fetchone()[0]


def kill_at(share, database, command, place):
    """Run the command until so many rows are stored, then kill it."""
    with running(*command, **place) as process:
        until(lambda: process.poll() is not None or count(database, "all") > share, seconds=100)
        assert process.poll() is None, process.stdout.read()
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="makes an SQLite database of its own")
def test_killed_import_goes_on_and_ends_as_if_it_had_never_died(tmp_path):
    place = development(tmp_path)
    path = tmp_path / "people.csv"
    path.write_bytes("".join(lines()).encode("utf-16"))
    database = tmp_path / "pennypost.sqlite3"
    assert manage("migrate", "-v0", **place)[0] == 0
    assert manage("shell", "-v0", "-c", PREPARE, **place)[0] == 0
    command = ["manage.py", "import_subscribers", str(path), *CONSENT]

    kill_at(LINES * 0.2, database, command, place)
    kill_at(LINES * 0.6, database, command, place)
    part = count(database, "all")
    code, said = manage(*command[1:], **place)

    bad = double = LINES // 1000
    good = LINES - bad - double
    assert code == 0, said
    assert "Going on behind record" in said
    assert part < good
    assert {what: count(database, what) for what in COUNTS} == {
        "all": good,
        "active": good - 2,
        "bounced": 2,
        "proofs": good - 2,
        "events": good - 2,
    }
    with (tmp_path / "people.csv.rejected.csv").open(newline="") as file:
        reasons = [row["reason"] for row in csv.DictReader(file)]
    assert len(reasons) == bad + 2
    assert len([reason for reason in reasons if "bounced" in reason]) == 2
