"""What cannot be shown in seconds, because it is about minutes; `make faults` runs it."""

from pathlib import Path

import pytest

from tests.faults.marks import on_postgresql
from tests.faults.rig import CONNECTIONS, site
from tests.faults.sink import Rule

pytestmark = pytest.mark.long

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


def test_mail_server_that_is_away_for_minutes(a_site):
    """Case K07: one line a minute in the log, nobody failed, and it goes on by itself."""
    a_site.sink.set_rules(Rule("banner", "421 4.3.2 Busy"))
    a_site.work(2)
    a_site.send()
    a_site.until(lambda: a_site.log.read_text().count("takes no issues") == 2, 90)

    a_site.sink.set_rules()
    a_site.wait_until_finished(90)

    assert a_site.statuses() == {"sent": a_site.readers}
    assert a_site.result().is_good
    assert a_site.log.read_text().count("takes no issues") <= 4


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
