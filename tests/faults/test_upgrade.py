"""Case L09: a new release over a busy site; docs/upgrading.md says how one is done."""

import os
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from tests.faults import release_before
from tests.faults.marks import on_postgresql
from tests.faults.processes import Server
from tests.faults.rig import Template, site
from tests.faults.traffic import PAGES, open_shop, traffic
from tests.system import ROOT, only, running

with_history = pytest.mark.skipif(not release_before.name(), reason="needs the history of git")

# The limit of the case where a machine does nothing else, and five times as much for CI.
QUIET, BUSY = 2, 10
NOTHING = "  No migrations to apply."
GOOD = {("read", 200), ("sign up", 303), ("leave", 200), ("write", None)}
READ = "SELECT FROM newsletter_subscriber LIMIT 1"
WAITS = "Others hold a table that is to be changed; trying again.\n"


def busy_site(folder, readers):
    """The release before on a database of its own making."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    root = release_before.unpack(folder / "before")
    return Template(folder / "template", readers, server, root)


@pytest.mark.processes
@with_history
def test_new_release_over_a_busy_site(tmp_path):
    with busy_site(tmp_path, 10_000) as template, site(template, tmp_path / "site") as made:
        open_shop(made)
        made.serve()
        made.send()
        made.sink.wait_for(100, 60)
        with traffic(made) as visitors:
            upgrade(made)
        made.wait_until_finished(120)

        assert made.result().is_good
        prove(made, visitors, BUSY)


@pytest.mark.long
@with_history
def test_new_release_over_a_million_readers(tmp_path):
    with busy_site(tmp_path, 1_000_000) as template, site(template, tmp_path / "site") as made:
        open_shop(made)
        made.serve()
        with traffic(made) as visitors:
            upgrade(made)

        prove(made, visitors, BUSY if os.environ.get("CI") else QUIET)


def upgrade(made):
    """Some are killed in the middle; the last comes to its end."""
    dice = random.Random(1)  # noqa: S311  # only the moments of the kills
    for _ in range(2):
        with running("manage.py", "migrate", **made.environment) as migrating:
            time.sleep(dice.uniform(0.5, 3))
            migrating.kill()
    code, said = migrate(made)
    assert code == 0, said


def migrate(made):
    return manage(made, "migrate", "--no-color")


def manage(made, *command):
    """What the code at hand does and says."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT, env=only(made.environment), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def prove(made, visitors, longest):
    """The code before never stumbled, and the new one finds all that it needs."""
    assert {*visitors.answers} == GOOD
    assert max(visitors.longest.values()) <= longest, visitors.longest
    code, said = migrate(made)
    assert (code, said.splitlines()[-1]) == (0, NOTHING)
    made.server.terminate()
    # Not serve(), which asks the desk for the static files, and the desk is of the release before.
    assert manage(made, "collectstatic", "--noinput")[0] == 0
    made.server = Server(made.environment, made.log, ROOT)
    made.until(lambda: made.server.get("/readyz/").status == 200, 60)
    assert [made.server.get(page).status for page in PAGES] == [200] * len(PAGES)


@pytest.mark.processes
@on_postgresql
def test_migration_waits_for_a_long_reader_and_others_hardly_wait_for_it(a_site):
    """Whoever reads after an ALTER TABLE that waits would otherwise wait as long as it does."""
    a_site.ask("call_command('migrate', 'newsletter', '0021', verbosity=0)")
    unbuffered = a_site.environment | {"PYTHONUNBUFFERED": "1"}
    database = a_site.environment["DATABASE_URL"]

    with psycopg.connect(database) as reader, others_who_read(database) as waits:
        # The server ends it in any case, or a migration that waits would never fail this test.
        reader.execute("SET idle_in_transaction_session_timeout = '40s'")
        reader.execute(READ)
        with running("manage.py", "migrate", **unbuffered) as migrating:
            waiting = (line for line in migrating.stdout if WAITS in line)
            assert [next(waiting, None), next(waiting, None)] == [WAITS, WAITS]
            reader.rollback()
            said = migrating.communicate(timeout=60)[0]

    assert (migrating.returncode, said.endswith(" OK\n")) == (0, True)
    assert max(waits) <= BUSY


@contextmanager
def others_who_read(database):
    """The seconds that each of them waited, one after the other."""
    waits, is_over = [], threading.Event()

    def read():
        with psycopg.connect(database, autocommit=True) as connection:
            while not is_over.wait(0.01):
                began = time.monotonic()
                connection.execute(READ)
                waits.append(time.monotonic() - began)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield waits
    finally:
        is_over.set()
        reader.join()
