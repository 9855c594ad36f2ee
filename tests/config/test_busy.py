"""A database file under eight processes that all write, while an issue is sent (case L01)."""

from collections import Counter
from contextlib import ExitStack

import pytest

from tests.faults.rig import Template, site
from tests.system import running

PROCESSES, READERS = 8, 300
# As many confirmations as the machine can make.
NO_LIMIT = {"CONFIRMATIONS_PER_HOUR": "1000000"}


@pytest.fixture
def a_site(tmp_path):
    """With two workers, which have an issue on its way."""
    with (
        Template(tmp_path / "template", READERS) as template,
        site(template, tmp_path / "site", **NO_LIMIT) as made,
    ):
        made.work(2)
        made.send()
        yield made


@pytest.mark.processes
def test_eight_writing_processes_lose_nothing_and_see_no_lock(a_site):
    a_site.sink.set_rules(delay=0.05)

    write(a_site, seconds=4)


@pytest.mark.long
def test_eight_processes_that_write_for_a_minute_see_no_lock(a_site):
    a_site.sink.set_rules(delay=0.5)

    write(a_site, seconds=60)


def write(a_site, seconds):
    """Until then all sign up, save posts and send mail; and everything arrived, and only once."""
    a_site.sink.wait_for(1, 60)
    settings = a_site.environment | {"PYTHONWARNINGS": "ignore"}
    with ExitStack() as stack:
        busy = [
            stack.enter_context(
                running("-m", "tests.config.busy", str(number), str(seconds), **settings)
            )
            for number in range(1, PROCESSES + 1)
        ]
        said = [process.communicate(timeout=seconds + 240)[0] for process in busy]
    a_site.wait_until_finished(120)
    a_site.until(lambda: not a_site.ask("Notice.objects.filter(status='waiting').exists()"), 60)

    assert [words.split()[0] for words in said] == ["[303]"] * PROCESSES, said
    signed_up = sum(int(words.split()[1]) for words in said)
    assert signed_up >= PROCESSES
    assert a_site.ask("Post.objects.count()") == signed_up
    assert a_site.ask("Subscriber.objects.count()") == READERS + signed_up
    assert a_site.ask("Notice.objects.filter(status='sent').count()") == signed_up
    # The issue to its readers, and one confirmation to each of the others.
    assert Counter(a_site.sink.accepted().values()) == {1: READERS + signed_up}
    assert a_site.result().is_good
    assert "locked" not in a_site.log.read_text()
