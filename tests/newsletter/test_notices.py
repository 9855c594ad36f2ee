"""What the worker makes of a notice: which mail, to whom, and how many at most."""

from datetime import timedelta

import pytest
import time_machine
from django.test import TransactionTestCase
from django.utils import timezone

from blog.models import Limit
from newsletter.models import AddressChange, Notice, Subscriber
from newsletter.tasks import send_notices
from tests.factories import SubscriberFactory, TermsFactory
from tests.newsletter.flows import link_in, send_mail, sign_up
from tests.processes import at_once

pytestmark = pytest.mark.django_db

CONFIRM = "Please confirm your subscription to Pennypost"
WELCOME = "Welcome to Pennypost"
ALREADY = "You are already subscribed to Pennypost"


@pytest.fixture
def clock():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def terms(clock):
    return TermsFactory()


def outcomes() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("pk").values_list("status", "became"))


def subjects(mailoutbox) -> list[str]:
    return [mail.subject for mail in mailoutbox]


# --- Who gets what --------------------------------------------------------------------------------


def test_stranger_is_asked_to_confirm(mailoutbox):
    sign_up("Mara@example.com")

    send_mail()

    [mail] = mailoutbox
    assert (mail.to, mail.subject) == (["Mara@example.com"], CONFIRM)
    assert outcomes() == [("sent", "confirm")]


def test_nothing_is_mailed_before_the_worker_runs(mailoutbox):
    sign_up()

    assert mailoutbox == []
    assert outcomes() == [("waiting", "")]


def test_reader_is_told_once_a_day_that_she_is_subscribed_already(mailoutbox, clock):
    SubscriberFactory(email="mara@example.com")
    for _ in range(3):
        sign_up("mara@example.com")
        send_mail()
    told = subjects(mailoutbox)

    clock.shift(timedelta(days=1, seconds=1))
    sign_up("mara@example.com")
    send_mail()

    assert told == [ALREADY]
    assert subjects(mailoutbox) == [ALREADY, ALREADY]
    assert Subscriber.objects.get().status == "active"


def test_reader_who_left_is_asked_to_confirm_and_stays_away_until_she_does(mailoutbox, clock):
    SubscriberFactory(email="mara@example.com").unsubscribe()
    clock.shift(timedelta(days=1))

    sign_up("mara@example.com")
    send_mail()

    assert subjects(mailoutbox) == [CONFIRM]
    assert not Subscriber.objects.receiving().exists()


@pytest.mark.parametrize("reason", Subscriber.Suppression.values[1:])
@pytest.mark.parametrize("is_erased", [False, True])
def test_address_that_bounced_or_complained_gets_no_mail_even_if_erased_since(
    mailoutbox, reason, is_erased
):
    subscriber = SubscriberFactory(email="mara@example.com")
    subscriber.suppress(Subscriber.Suppression(reason))
    if is_erased:
        subscriber.erase()

    response = sign_up("MARA@example.com")
    send_mail()

    assert response.status_code == 303
    assert mailoutbox == []
    assert outcomes() == [("skipped", "")]
    assert Notice.objects.get().reply == "This address gets no mail."


def test_address_whose_complaint_was_lifted_may_opt_in_again(client, mailoutbox, clock):
    subscriber = SubscriberFactory(email="mara@example.com")
    subscriber.suppress(Subscriber.Suppression.COMPLAINT)
    subscriber.lift("She asked for it.")
    clock.shift(timedelta(days=1))

    sign_up("mara@example.com")
    send_mail()
    client.post(link_in(mailoutbox[0], "confirm"))

    assert Subscriber.objects.get().status == "active"


def test_erased_reader_may_opt_in_again(client, mailoutbox):
    SubscriberFactory(email="mara@example.com").erase()

    sign_up("mara@example.com")
    send_mail()
    client.post(link_in(mailoutbox[0], "confirm"))

    assert sorted(Subscriber.objects.values_list("status", flat=True)) == ["active", "erased"]


def test_sign_up_answered_after_she_confirmed_another_one_is_told_so(client, mailoutbox):
    sign_up()
    send_mail()
    sign_up()
    client.post(link_in(mailoutbox[0], "confirm"))

    send_mail()

    assert subjects(mailoutbox) == [CONFIRM, ALREADY, WELCOME]


def test_sign_up_from_before_she_left_is_not_mailed(mailoutbox, clock):
    sign_up()
    clock.shift(timedelta(seconds=1))
    Subscriber.objects.get().unsubscribe()

    send_mail()

    assert mailoutbox == []
    assert outcomes() == [("skipped", "")]


def test_pending_sign_up_never_receives(mailoutbox):
    sign_up()
    send_mail()

    assert not Subscriber.objects.receiving().exists()


def test_confirmed_sign_up_receives(client, mailoutbox):
    sign_up()
    send_mail()

    client.post(link_in(mailoutbox[0], "confirm"))

    assert Subscriber.objects.receiving().count() == 1


# --- Limits (cases F03, F04) ----------------------------------------------------------------------


def test_victim_of_a_hundred_sign_ups_gets_two_confirmations_an_hour(mailoutbox, clock):
    for number in range(100):
        sign_up("victim@example.com", ip=f"203.0.{number}.7")
        clock.shift(timedelta(seconds=35))
        if number % 10 == 0:
            send_mail()
    send_mail()
    within_the_hour = len(mailoutbox)

    clock.shift(timedelta(hours=1))
    sign_up("victim@example.com", ip="198.51.100.7")
    send_mail()

    assert within_the_hour == 2
    assert len(mailoutbox) == 3


def test_victim_gets_five_confirmations_a_day(mailoutbox, clock):
    for _ in range(5):
        for _ in range(3):
            sign_up("victim@example.com")
        send_mail()
        clock.shift(timedelta(hours=4, minutes=45))

    assert len(mailoutbox) == 5


def test_confirmation_that_the_server_put_off_keeps_its_place(mailoutbox, clock, settings):
    """It counts as one of the two, so it can never become a third."""
    working = settings.MAILERS
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    sign_up("victim@example.com")
    send_mail()
    settings.MAILERS = working
    for _ in range(2):
        sign_up("victim@example.com")
    send_mail()
    while_it_waits = len(mailoutbox)

    clock.shift(timedelta(minutes=1))
    send_mail()

    assert (while_it_waits, len(mailoutbox)) == (1, 2)
    assert [status for status, _ in outcomes()] == ["sent", "sent", "skipped"]


class ParallelNotices(TransactionTestCase):
    def test_workers_at_the_same_moment_send_two_confirmations_to_one_person(self) -> None:
        TermsFactory()
        for _ in range(12):
            sign_up("victim@example.com")

        faults = at_once(4, lambda _: send_notices.call())

        assert faults == []
        assert Notice.objects.filter(status="sent").count() == 2
        assert Notice.objects.filter(status="skipped").count() == 10


def test_network_gets_its_share_and_others_are_not_touched(mailoutbox, settings, clock):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 3
    for number in range(10):
        sign_up(f"a{number}@example.com", ip=f"203.0.113.{number}")
    sign_up("other@example.com", ip="203.0.114.1")

    send_mail()

    assert [mail.to[0] for mail in mailoutbox] == [
        "a0@example.com",
        "a1@example.com",
        "a2@example.com",
        "other@example.com",
    ]
    assert Notice.objects.waiting().count() == 7
    assert Notice.objects.waiting().first().reply == "Too many mails were asked for at once."


def test_mails_over_the_networks_share_go_out_hour_by_hour(mailoutbox, settings, clock):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 3
    for number in range(7):
        sign_up(f"a{number}@example.com")

    sent = []
    for _ in range(3):
        send_mail()
        sent.append(len(mailoutbox))
        clock.shift(timedelta(hours=1))

    assert sent == [3, 6, 7]


def test_mails_that_waited_for_two_days_are_not_sent(mailoutbox, settings, clock):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 1
    for number in range(4):
        sign_up(f"a{number}@example.com")
    send_mail()
    clock.shift(timedelta(hours=47, minutes=30))

    send_mail()
    clock.shift(timedelta(hours=1))
    send_mail()

    assert [mail.to[0] for mail in mailoutbox] == ["a0@example.com", "a1@example.com"]
    assert [status for status, _ in outcomes()] == ["sent", "sent", "skipped", "skipped"]


def test_attack_from_one_network_costs_the_worker_one_look_an_hour(
    mailoutbox, settings, clock, django_assert_max_num_queries
):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 1
    for number in range(20):
        sign_up(f"a{number}@example.com")
    send_mail()
    clock.shift(timedelta(hours=1))

    with django_assert_max_num_queries(60):
        send_mail()

    assert len(mailoutbox) == 2


def test_ipv6_network_is_a_48(mailoutbox, settings):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 1
    for host in ("2001:db8:1:1::1", "2001:db8:1:ffff::2", "2001:db8:2::1"):
        sign_up(f"{len(host)}@example.com", ip=host)

    send_mail()

    assert [mail.to[0] for mail in mailoutbox] == ["15@example.com", "13@example.com"]


def test_forged_forwarded_header_does_not_make_another_network(mailoutbox, settings):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 2
    for number in range(5):
        forged = {"X-Forwarded-For": f"198.51.{number}.1", "Forwarded": f"for=198.51.{number}.1"}
        sign_up(f"a{number}@example.com", headers=forged)

    send_mail()

    assert len(mailoutbox) == 2


def test_whole_site_gets_its_share(mailoutbox, settings):
    settings.CONFIRMATIONS_PER_HOUR = 2
    for number in range(4):
        sign_up(f"a{number}@example.com", ip=f"203.0.{number}.1")

    send_mail()

    assert len(mailoutbox) == 2
    assert Notice.objects.waiting().count() == 2


@pytest.mark.parametrize("limit", ["CONFIRMATIONS_PER_HOUR", "CONFIRMATIONS_PER_NETWORK_HOUR"])
def test_flood_of_sign_ups_holds_up_no_link_to_ones_data(mailoutbox, settings, client, limit):
    setattr(settings, limit, 2)
    reader = SubscriberFactory(email="mara@example.com")
    for number in range(4):
        sign_up(f"a{number}@example.com")
    send_mail()

    client.post(f"/newsletter/preferences/{reader.token}/?my-data", REMOTE_ADDR="192.0.2.7")
    for number in range(4):
        sign_up(f"b{number}@example.com")
    send_mail()

    assert subjects(mailoutbox) == [CONFIRM, CONFIRM, "The link to your data at Pennypost"]


def test_mail_that_is_tried_again_counts_once(mailoutbox, settings, clock):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 1
    sign_up()
    Notice.objects.update(became="confirm")
    Limit.objects.create(key="sign_up", count=1, ends_at=timezone.now() + timedelta(hours=1))

    send_mail()

    assert len(mailoutbox) == 1
    assert Limit.objects.get(key="sign_up").count == 1


# --- New addresses --------------------------------------------------------------------------------


def wish_to_move(subscriber: Subscriber, to: str) -> Notice:
    change = AddressChange.objects.create(
        subscriber=subscriber, old_email=subscriber.email, new_email=to, new_key=to
    )
    return Notice.objects.create(
        kind="new_address", subscriber=subscriber, address_change=change, network="n"
    )


def test_new_address_is_asked_twice_an_hour_whoever_wants_to_move_there(mailoutbox):
    for _ in range(5):
        wish_to_move(SubscriberFactory(), "victim@example.com")

    send_mail()

    assert [mail.to for mail in mailoutbox] == [["victim@example.com"]] * 2


@pytest.mark.parametrize("state", ["active", "bounced", "erased and complained"])
def test_new_address_that_reads_us_already_or_wants_no_mail_is_not_asked(mailoutbox, state):
    other = SubscriberFactory(email="other@example.com")
    if state == "bounced":
        other.suppress(Subscriber.Suppression.BOUNCE)
    if state == "erased and complained":
        other.suppress(Subscriber.Suppression.COMPLAINT)
        other.erase()

    notice = wish_to_move(SubscriberFactory(), "other@example.com")
    send_mail()

    notice.refresh_from_db()
    assert (mailoutbox, notice.status) == ([], "skipped")


@pytest.mark.parametrize("leave", [Subscriber.unsubscribe, Subscriber.erase])
def test_new_address_is_not_asked_when_she_left_meanwhile(mailoutbox, leave):
    subscriber = SubscriberFactory()
    wish_to_move(subscriber, "new@example.com")
    leave(subscriber)

    send_mail()

    assert mailoutbox == []
