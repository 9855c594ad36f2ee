"""What cannot be shown in seconds, because it is about minutes; `make faults` runs it."""

import time
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster
from tests.faults.conftest import READERS
from tests.faults.marks import on_postgresql
from tests.faults.rig import CONNECTIONS, Template, site
from tests.faults.sink import Rule
from tests.system import descendants, until

pytestmark = pytest.mark.long

AWAY = (
    "The mail server does not answer, so no issue goes out. The worker looks for it every minute;"
    " EMAIL_URL says where."
)
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def test_fifty_a_minute_over_three_workers_and_a_restart(template, tmp_path):
    """Case K20: in no minute more than 55."""
    with site(template, tmp_path, SEND_RATE="50/m") as made:
        made.work(3)
        made.send()
        made.sink.wait_for(20, 60)
        made.workers[0].terminate()
        made.workers[0].start()
        made.sink.wait_for(75, 120)

        times = [event.at for event in made.sink.events("accepted")]
    most = max(sum(start <= at < start + 60 for at in times) for start in times)
    assert times[-1] - times[0] > 60
    assert 50 <= most <= 55


def test_mail_server_that_is_away_for_ten_minutes(a_site):
    """Case K07: connections are refused, then answered with 421; and it goes on by itself."""
    a_site.sink.stop()
    a_site.work(2)
    a_site.send()
    a_site.until(lambda: AWAY in a_site.ask("concerns()"))

    look_for(5, a_site)
    a_site.sink.start()
    a_site.sink.set_rules(Rule("banner", "421 4.3.2 Busy"))
    look_for(5, a_site)
    said = a_site.log.read_text().splitlines()
    a_site.sink.set_rules()
    a_site.wait_until_finished(90)

    assert a_site.statuses() == {"sent": a_site.readers}
    assert a_site.result().is_good
    assert AWAY not in a_site.ask("concerns()")
    # One as it went and one for each minute, of both workers together, and none about its return.
    assert 8 <= len(said) <= 11
    assert a_site.log.read_text().splitlines() == said
    assert [line for line in said if "The mail server takes no issues" not in line] == []


def look_for(minutes, a_site):
    """Whatever the minute, nobody failed and the newsroom says why nothing arrives."""
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        assert a_site.statuses().keys() <= {"waiting", "claimed"}
        assert AWAY in a_site.ask("concerns()")
        time.sleep(2)


@pytest.fixture
def cluster():
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def a_served_site(cluster, tmp_path):
    """Web server and worker on a database server of their own."""
    with (
        Template(tmp_path / "template", READERS, cluster.url) as template,
        site(template, tmp_path / "site") as made,
    ):
        made.serve()
        yield made


def test_database_server_that_restarts_while_an_issue_is_sent(cluster, a_served_site):
    """Case L05."""
    processes = descendants(a_served_site.server.process.pid)
    a_served_site.sink.set_rules(delay=0.01)
    a_served_site.send()
    for taken, mode in {20: "fast", 80: "immediate", 140: "fast"}.items():
        a_served_site.sink.wait_for(taken, 60)
        cluster.restart(mode)
        a_served_site.until(lambda: shows_pages(a_served_site))
    a_served_site.until(lambda: a_served_site.statuses() == {"sent": READERS}, 60)

    assert a_served_site.result().is_good
    assert descendants(a_served_site.server.process.pid) == processes


def test_database_server_that_is_away_for_longer_than_a_worker_asks(cluster, a_served_site):
    """Case L05: what it heard of its last mails is lost then, but not who they were."""
    processes = descendants(a_served_site.server.process.pid)
    a_served_site.sink.set_rules(delay=0.01)
    a_served_site.send()
    a_served_site.sink.wait_for(20)
    cluster.stop("immediate")
    assert a_served_site.server.get("/").status == 500
    assert a_served_site.server.get("/healthz/").status == 200
    assert a_served_site.server.get("/readyz/").status == 503
    until(lambda: a_served_site.sink.counts()["open"] == 0, 60)
    cluster.start()
    a_served_site.until(lambda: shows_pages(a_served_site))
    a_served_site.wait_until_finished()

    result = a_served_site.result()
    assert (result.lost, result.doubled) == (0, 0)
    assert result.unknown <= CONNECTIONS
    assert result.counts.keys() <= {"sent", "unknown"}
    assert descendants(a_served_site.server.process.pid) == processes


def shows_pages(site):
    """Often enough to have come to both of its processes."""
    return [site.server.get("/").status for _ in range(10)] == [200] * 10


def test_eight_workers_and_a_kill_of_each(a_site):
    """Cases K02 and K04."""
    a_site.sink.set_rules(delay=0.02)
    a_site.work(8)
    a_site.send()
    for number, worker in enumerate(a_site.workers):
        a_site.sink.wait_for(10 + 15 * number, 60)
        a_site.kill(worker)
        worker.start()
    a_site.wait_until_finished()

    result = a_site.result()
    assert (result.lost, result.doubled) == (0, 0)
    assert result.unknown <= 8 * CONNECTIONS


@pytest.mark.skipif(not FAKETIME, reason="needs libfaketime, to give one worker another time")
@on_postgresql
@pytest.mark.parametrize("shift", ["-1h", "+1h"])
def test_worker_on_a_host_with_the_wrong_time(a_site, shift):
    wrong = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": shift, "DONT_FAKE_MONOTONIC": "1"}
    a_site.sink.set_rules(delay=0.2)
    a_site.work()
    a_site.work(**wrong)
    a_site.send()
    # Longer than a lease, so that each has the chance to take the other for dead.
    a_site.wait_until_finished()

    assert a_site.statuses() == {"sent": a_site.readers}
    assert a_site.result().is_good
