"""Case L07: a Redis that is emptied, hangs and goes, while pages are read and an issue is sent.

Nothing that matters is in it: the cache may slow a site down, and never stop or double anything.
"""

import pytest

from tests.faults.marks import with_redis
from tests.faults.redis import Redis
from tests.faults.rig import site
from tests.faults.traffic import PAGES, leave, open_shop, sign_up

pytestmark = [pytest.mark.processes, with_redis]

# Of everybody who signs up below, so many are asked to confirm within the hour.
MOST_CONFIRMATIONS = 6
SIGN_UPS, LEAVERS = 4, 4


@pytest.fixture
def redis(tmp_path):
    with Redis(tmp_path / "redis") as redis:
        yield redis


@pytest.fixture
def a_served_site(template, tmp_path, redis):
    """With a cache in Redis, a post, and an issue that will take a while."""
    more = {"CACHE_URL": redis.url, "CONFIRMATIONS_PER_HOUR": str(MOST_CONFIRMATIONS)}
    with site(template, tmp_path / "site", **more) as made:
        open_shop(made)
        made.sink.set_rules(delay=1)
        made.serve()
        made.work()
        made.send()
        made.sink.wait_for(1, 60)
        yield made


def test_redis_that_is_emptied_hangs_and_goes(a_served_site, redis):
    faults = [lambda: redis.say("FLUSHALL"), redis.hang, redis.stop, redis.start]

    seen = [visit(a_served_site, 0)]
    for number, strike in enumerate(faults, start=1):
        strike()
        assert not a_served_site.is_finished()
        seen.append(visit(a_served_site, number))
    a_served_site.sink.set_rules()
    a_served_site.wait_until_finished()

    result, left = a_served_site.result(), a_served_site.ask("unsubscribed()")
    assert seen == [[200] * (len(PAGES) + LEAVERS) + [303] * SIGN_UPS] * len(seen)
    assert left == sorted(leaver for number in range(len(seen)) for leaver in leavers(number))
    assert (result.lost, result.doubled, result.unknown) == (0, 0, 0)
    assert result.counts.keys() <= {"sent", "skipped"}
    assert asked_to_confirm(a_served_site) == MOST_CONFIRMATIONS


def visit(a_site, number):
    """The statuses of pages, of readers who leave by one click, and of some who sign up."""
    tokens = [a_site.ask(f"token({leaver!r})") for leaver in leavers(number)]
    return [
        *(a_site.server.get(page).status for page in PAGES),
        *(leave(a_site, token) for token in tokens),
        *(sign_up(a_site, f"guest{number}.{guest}") for guest in range(SIGN_UPS)),
    ]


def leavers(number):
    return [f"reader{100 + LEAVERS * number + one}@example.com" for one in range(LEAVERS)]


def asked_to_confirm(a_site):
    """How many of those who signed up got a mail, once the worker has looked at all of them."""
    a_site.until(lambda: not a_site.ask("has_notices_to_send()"))
    # The last one may be on its way.
    a_site.until(lambda: guests(a_site) >= MOST_CONFIRMATIONS)
    return guests(a_site)


def guests(a_site):
    return sum(recipient.startswith("guest") for recipient, _ in a_site.sink.accepted())
