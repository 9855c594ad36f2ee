"""Real worker processes that are killed, stopped, cut off, and left without a disk."""

import random
import resource
import sqlite3
from contextlib import closing

import psycopg
import pytest

from tests.faults.marks import on_postgresql, on_sqlite
from tests.faults.rig import CONNECTIONS, site
from tests.faults.sink import Rule
from tests.faults.soak import soak

pytestmark = pytest.mark.processes


def send_slowly(site, taken, **more):
    """A worker is at it, and the server took so many mails of many more."""
    site.sink.set_rules(delay=0.02)
    site.work(**more)
    site.send()
    site.sink.wait_for(taken)


def test_two_workers_reach_everybody_once(a_site):
    """Case K01."""
    a_site.work(2)
    a_site.send()
    a_site.wait_until_finished()

    assert a_site.statuses() == {"sent": a_site.readers}
    assert a_site.result().is_good
    assert a_site.sink.counts()["accepted"] == a_site.readers


def test_killed_workers_lose_nobody_and_double_nobody(a_site):
    """Case K02, in short; `make faults` has it at length."""
    result = soak(a_site, kills=3, workers=2, dice=random.Random(1))  # noqa: S311

    assert (result.lost, result.doubled) == (0, 0)
    assert result.unknown <= result.most_unknown == 3 * CONNECTIONS


def test_worker_that_is_asked_to_end_leaves_no_doubt(a_site):
    """Case K03."""
    send_slowly(a_site, 20)

    code = a_site.workers[0].terminate()

    after = a_site.statuses()
    assert code == 0
    assert after.keys() == {"sent", "waiting"}
    assert after["sent"] == a_site.sink.counts()["accepted"]
    a_site.sink.set_rules()
    a_site.work()
    a_site.wait_until_finished()
    assert a_site.statuses() == {"sent": a_site.readers}
    assert a_site.result().is_good


def test_mail_server_that_is_away_is_waited_for(a_site):
    """Case K07."""
    send_slowly(a_site, 20)
    a_site.sink.stop()
    a_site.until(lambda: "takes no issues" in a_site.log.read_text())
    assert "failed" not in a_site.statuses()
    a_site.sink.start()
    a_site.sink.set_rules(Rule("banner", "421 4.3.2 Busy", times=1))
    a_site.wait_until_finished()

    result = a_site.result()
    assert (result.lost, result.doubled) == (0, 0)
    # What was between the dot and its reply when the server went.
    assert result.counts.keys() <= {"sent", "unknown"}
    assert result.unknown <= CONNECTIONS
    assert a_site.log.read_text().count("takes no issues") == 1


def test_server_that_takes_a_mail_and_hangs_leaves_a_doubt(template, tmp_path):
    """The reply that never comes: unknown, and not sent again."""
    with site(template, tmp_path, SEND_TIMEOUT="0.5") as a_site:
        a_site.sink.set_rules(Rule("END", "accept and hang", who="*77@*"))
        a_site.work()
        a_site.send()
        a_site.wait_until_finished()

        result = a_site.result()
        assert (result.lost, result.doubled) == (0, 0)
        assert result.counts == {"sent": a_site.readers - 2, "unknown": 2}
        assert result.never_accepted == 0


def test_paused_issue_stops_and_goes_on_without_a_repeat(a_site):
    """Case K14."""
    send_slowly(a_site, 20)

    a_site.ask("issues.pause(newest())")
    a_site.until(lambda: a_site.statuses().keys() == {"sent", "waiting"})
    taken = a_site.sink.counts()["accepted"]
    a_site.ask("issues.resume(newest())")
    a_site.sink.wait_for(taken + 20)
    a_site.ask("issues.cancel(newest())")
    a_site.until(lambda: a_site.statuses().keys() == {"sent", "skipped"})

    result = a_site.result()
    assert result.doubled == 0
    assert result.counts["sent"] == a_site.sink.counts()["accepted"] < a_site.readers


def test_changes_while_an_issue_is_sent(a_site):
    """Cases K15 and K17: the words stay, who joins is not in it, who left gets nothing."""
    a_site.sink.set_rules(keep_raw=True, delay=0.02)
    a_site.work()
    a_site.send("As it was.")
    a_site.sink.wait_for(20)

    a_site.ask("Issue.objects.update(subject='Changed', html='Changed', body='Changed')")
    a_site.ask("add_readers(20)")
    a_site.ask("Subscriber.objects.filter(email__endswith='9@example.com').update("
               "status='unsubscribed')")  # fmt: skip
    # Another worker has nothing but what is in the database.
    a_site.workers[0].terminate()
    a_site.work()
    a_site.wait_until_finished()

    counts = a_site.statuses()
    mails = a_site.sink.raw()
    assert a_site.result().is_good
    assert sum(counts.values()) == a_site.readers
    assert 0 < counts["skipped"] <= 20
    assert len(mails) == counts["sent"]
    assert [mail for mail in mails if b"Changed" in mail] == []


@on_sqlite
def test_full_disk_is_waited_for(a_site):
    send_slowly(a_site, 20)
    worker = a_site.workers[0].process.pid
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    # To the worker it is as if no file could grow: what it writes down fails from now on.
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    a_site.until(lambda: stands_still(a_site))
    resource.prlimit(worker, resource.RLIMIT_FSIZE, unlimited)
    a_site.wait_until_finished()

    assert a_site.statuses() == {"sent": a_site.readers}
    assert a_site.result().is_good


def stands_still(site):
    """Whether nothing is written down any more although there is something to send."""
    before = site.progress()
    assert not before["finished"]
    return all(site.progress() == before for _ in range(50))


@on_sqlite
def test_backup_that_is_put_back_in_its_place_sends_nothing_again(a_site, tmp_path):
    """It is the same file on its disk, and what it holds is older than what was sent."""
    database = a_site.environment["DATABASE_URL"].removeprefix("sqlite:///")
    send_slowly(a_site, 20)
    a_site.workers[0].terminate()
    copy_database(database, tmp_path / "backup")
    a_site.sink.set_rules()
    a_site.work()
    a_site.wait_until_finished()
    a_site.workers[1].terminate()

    copy_database(tmp_path / "backup", database)
    a_site.work()
    a_site.until(lambda: "its issues are held" in a_site.log.read_text())

    assert stands_still(a_site)
    assert (a_site.result().lost, a_site.result().doubled) == (0, 0)


def copy_database(source, target):
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def test_backup_that_is_put_back_under_a_sending_worker_sends_nothing_again(a_site):
    """Its rows are those of before from one moment to the next, and no connection is cut."""
    a_site.send()
    far = a_site.ask("Odometer.objects.read().far")
    a_site.sink.set_rules(delay=0.02)
    a_site.work()
    a_site.sink.wait_for(20)

    a_site.ask(f"put_back_a_backup({far})")
    a_site.until(lambda: "its issues are held" in a_site.log.read_text())

    assert stands_still(a_site)
    assert a_site.result().doubled == 0
    assert a_site.sink.counts()["accepted"] < a_site.readers


def test_backup_that_is_put_back_is_noticed_by_a_host_that_sent_nothing(a_site, tmp_path):
    a_site.send()
    far = a_site.ask("Odometer.objects.read().far")
    a_site.work()
    a_site.wait_until_finished()
    other_host = tmp_path / "other host"
    other_host.mkdir()
    a_site.work(VAR_DIR=str(other_host))
    a_site.until((other_host / "sent").exists)
    a_site.workers[0].kill()

    a_site.ask(f"put_back_a_backup({far})")
    a_site.until(lambda: "its issues are held" in a_site.log.read_text())

    assert stands_still(a_site)
    assert a_site.sink.counts()["accepted"] == a_site.readers


@on_postgresql
def test_cut_database_connections_lose_nobody_and_double_nobody(a_site):
    """Case L05."""
    database = a_site.environment["DATABASE_URL"]
    a_site.sink.set_rules(delay=0.005)
    a_site.work(2)
    a_site.send()
    for taken in range(10, a_site.readers, 40):
        a_site.sink.wait_for(taken)
        cut_all(database)
    # The other worker may end the lease of one that waits for its database. Nothing is lost by it:
    # what became of a mail is written down all the same.
    a_site.until(lambda: a_site.statuses() == {"sent": a_site.readers}, 60)

    assert a_site.result().is_good


def cut_all(database):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
