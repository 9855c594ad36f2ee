"""A subscriber's own data: seen, downloaded, moved, erased."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import TransactionTestCase
from django.utils import timezone

from newsletter import tokens
from newsletter.addresses import parse
from newsletter.models import AddressChange, Consent, ConsentEvidence, Notice, Subscriber
from tests.factories import (
    CategoryFactory,
    DeliveryFactory,
    FeedbackFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsletter.flows import link_in, send_mail, sign_up
from tests.processes import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client, mailoutbox):
    """A reader who came in by the front door."""
    TermsFactory(version="2026-05")
    sign_up(
        "mara@example.com",
        ip="203.0.113.9",
        headers={"User-Agent": "A browser", "Referer": "https://blog.example.com/posts/x/"},
    )
    send_mail()
    client.post(link_in(mailoutbox.pop(), "confirm"))
    send_mail()
    mailoutbox.clear()  # the welcome
    return Subscriber.objects.get()


def path_of(subscriber: Subscriber) -> str:
    return f"/newsletter/data/{tokens.DATA.token_for(subscriber.data_key)}/"


def address_path(change: AddressChange) -> str:
    return f"/newsletter/address/{tokens.ADDRESS.token_for(change.pk)}/"


def move(client, subscriber: Subscriber, email: str):
    return client.post(path_of(subscriber), {"wish": "move", "email": email})


def test_page_shows_what_is_stored(client, mara):
    page = client.get(path_of(mara)).text

    for words in ("mara@example.com", "2026-05", "203.0.113.9", "A browser", "/posts/x/"):
        assert words in page
    assert mara.token not in page


def test_download_holds_everything_but_the_secret_of_her_links(client, mara):
    mara.choose(everything=False, topics=[CategoryFactory(name="Work")])

    response = client.get(path_of(mara) + "?download")

    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert response["Cache-Control"] == "private, no-store"
    data = json.loads(response.content)
    assert data["address"] == "mara@example.com"
    assert (data["status"], data["terms_version"]) == ("active", "2026-05")
    assert (data["receives_everything"], data["topics"]) == (False, ["Work"])
    assert [(event["event"], event["ip_address"], event["page"]) for event in data["log"]] == [
        ("requested", "203.0.113.9", "/posts/x/"),
        ("terms_agreed", "203.0.113.9", "/posts/x/"),
        ("confirmed", "127.0.0.1", ""),
        ("topics_changed", None, None),
    ]
    assert [mail["kind"] for mail in data["mails_about_the_subscription"]] == [
        "confirm",
        "welcome",
    ]
    assert mara.token not in response.text


def test_download_holds_the_issues_she_was_sent_and_what_came_back(client, mara):
    delivery = DeliveryFactory(
        subscriber=mara, issue__subject="The first", status="sent", reply="250 OK"
    )
    FeedbackFactory(subscriber=mara, delivery=delivery, kind="soft", detail="552 5.2.2 full")
    DeliveryFactory(status="sent", reply="somebody else's")

    data = json.loads(client.get(path_of(mara) + "?download").content)

    [issue], [event] = data["issues"], data["bounces_and_complaints"]
    assert (issue["subject"], issue["status"], issue["reply"]) == ("The first", "sent", "250 OK")
    assert (event["kind"], event["detail"]) == ("soft", "552 5.2.2 full")


def test_link_works_for_an_hour(client, mara):
    path = path_of(mara)

    with time_machine.travel(timezone.now() + timedelta(minutes=59)):
        in_time = client.get(path)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        late = [client.get(path), client.get(path + "?download"), client.post(path)]

    assert in_time.status_code == 200
    assert [response.status_code for response in late] == [410] * 3
    assert all("mara" not in response.text for response in late)


def test_opening_the_page_changes_nothing(client, mara):
    before = list(Subscriber.objects.values()), Consent.objects.count(), Notice.objects.count()

    for address in (path_of(mara), path_of(mara) + "?download"):
        client.get(address + ("&" if "?" in address else "?") + "wish=erase&sure=true")
        client.head(address)

    assert before == (
        list(Subscriber.objects.values()),
        Consent.objects.count(),
        Notice.objects.count(),
    )


@pytest.mark.parametrize("wish", [{}, {"wish": "everything"}, {"wish": "erase\x00"}])
def test_wish_that_nobody_knows_is_refused(client, mara, wish):
    assert client.post(path_of(mara), wish).status_code == 400
    assert Subscriber.objects.get().status == "active"


# --- Another address ------------------------------------------------------------------------------


def test_address_moves_when_the_new_one_confirms_and_the_old_one_is_told(client, mara, mailoutbox):
    asked = move(client, mara, "Mara@new.example.org")
    mara.refresh_from_db()
    before = mara.email
    send_mail()
    question = mailoutbox.pop()
    opened = client.get(link_in(question, "address"))
    mara.refresh_from_db()
    after_opening = mara.email
    moved = client.post(link_in(question, "address"), REMOTE_ADDR="203.0.113.9")
    send_mail()

    assert "Check the inbox of the new address" in asked.text
    assert (before, after_opening) == ("mara@example.com", "mara@example.com")
    assert question.to == ["Mara@new.example.org"]
    assert "Use this address" in opened.text
    assert "has moved" in moved.text
    mara.refresh_from_db()
    assert (mara.email, mara.key) == ("Mara@new.example.org", "mara@new.example.org")
    pressed = mara.consents.last()
    assert (mara.status, pressed.event) == ("active", "address_changed")
    assert pressed.evidence.ip == "203.0.113.9"
    [told] = mailoutbox
    assert told.to == ["mara@example.com"]
    assert "M•••@n•••.org" in told.body


def test_second_press_moves_nothing_and_tells_nobody_twice(client, mara, mailoutbox):
    move(client, mara, "mara@new.example.org")
    path = address_path(AddressChange.objects.get())
    pages = [client.post(path).text for _ in range(2)]
    send_mail()

    assert all("has moved" in page for page in pages)
    assert [mail.to for mail in mailoutbox] == [["mara@example.com"]]
    assert Consent.objects.filter(event="address_changed").count() == 1


def test_old_links_to_her_data_end_with_the_old_address(client, mara):
    old = path_of(mara)
    mara.move(parse("mara@new.example.org"))

    assert client.get(old).status_code == 410
    assert client.get(path_of(mara)).status_code == 200


@pytest.mark.parametrize("state", ["active", "pending", "unsubscribed", "complained", "nobody"])
def test_wish_to_move_is_answered_the_same_whoever_has_the_new_address(client, mara, state):
    if state != "nobody":
        other = SubscriberFactory(email="other@example.com")
        if state == "complained":
            other.suppress(Subscriber.Suppression.COMPLAINT)
        else:
            Subscriber.objects.filter(pk=other.pk).update(status=state)

    page = move(client, mara, "other@example.com")

    assert page.status_code == 200
    assert "Check the inbox of the new address" in page.text
    assert Subscriber.objects.get(pk=mara.pk).email == "mara@example.com"


@pytest.mark.parametrize("state", ["pending", "unsubscribed"])
def test_what_the_new_address_left_behind_makes_way(client, mara, state):
    other = SubscriberFactory(email="other@example.com")
    Subscriber.objects.filter(pk=other.pk).update(status=state)
    move(client, mara, "other@example.com")

    page = client.post(address_path(AddressChange.objects.get()))

    assert "has moved" in page.text
    mara.refresh_from_db()
    other.refresh_from_db()
    assert (mara.email, other.status) == ("other@example.com", "erased")


@pytest.mark.parametrize("state", ["active", "complained"])
def test_address_that_is_a_readers_or_complained_cannot_be_moved_to(client, mara, state):
    move(client, mara, "other@example.com")
    other = SubscriberFactory(email="other@example.com")
    if state == "complained":
        other.suppress(Subscriber.Suppression.COMPLAINT)

    response = client.post(address_path(AddressChange.objects.get()))

    assert response.status_code == 409
    assert "Nothing was changed" in response.text
    mara.refresh_from_db()
    assert mara.email == "mara@example.com"


def test_wish_from_before_she_moved_left_or_was_erased_is_over(client, mara):
    for email in ("one@example.com", "two@example.com"):
        move(client, mara, email)
    one, two = AddressChange.objects.order_by("pk")

    client.post(address_path(one))
    after_moving = client.post(address_path(two))
    mara.erase()
    after_erasure = client.post(address_path(two))

    assert (after_moving.status_code, after_erasure.status_code) == (410, 404)
    assert "mara" not in after_moving.text


def test_link_to_a_new_address_works_for_a_day(client, mara):
    move(client, mara, "mara@new.example.org")
    path = address_path(AddressChange.objects.get())

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        late = client.post(path)

    assert late.status_code == 410
    assert Subscriber.objects.get().email == "mara@example.com"


@pytest.mark.parametrize("email", ["", "nobody", "a@localhost", "mara@example.com", "a\x00@x.co"])
def test_new_address_that_cannot_be_comes_back_with_the_error_beneath_it(client, mara, email):
    response = move(client, mara, email)

    assert response.status_code == 400
    assert 'id="new-email-error"' in response.text
    assert not AddressChange.objects.exists()


def test_wishes_to_move_are_limited(client, mara):
    answers = [move(client, mara, f"a{number}@example.com").status_code for number in range(7)]

    assert answers == [200] * 5 + [429] * 2
    assert AddressChange.objects.count() == 5


class ParallelMoves(TransactionTestCase):
    def test_two_readers_who_move_to_one_address_do_not_both_get_it(self) -> None:
        readers = [SubscriberFactory() for _ in range(4)]
        changes = [
            AddressChange.objects.create(
                subscriber=reader,
                old_email=reader.email,
                new_email="new@example.com",
                new_key="new@example.com",
            )
            for reader in readers
        ]
        moved: list[bool] = []

        faults = at_once(4, lambda number: moved.append(changes[number].carry_out()))

        assert faults == []
        assert sorted(moved) == [False, False, False, True]
        assert Subscriber.objects.filter(key="new@example.com").count() == 1


# --- Erase ----------------------------------------------------------------------------------------


def test_erasure_leaves_a_hash_and_a_nameless_log(client, mara, mailoutbox):
    move(client, mara, "mara@new.example.org")
    path = path_of(mara)

    page = client.post(path, {"wish": "erase", "sure": "true"})
    again = client.get(path), client.post(path, {"wish": "erase", "sure": "true"})

    assert "Your data is erased" in page.text
    assert all("Your data is erased" in response.text for response in again)
    mara.refresh_from_db()
    assert (mara.status, mara.email, mara.key, mara.terms) == ("erased", "", None, None)
    assert [consent.event for consent in mara.consents.all()] == [
        "requested",
        "terms_agreed",
        "confirmed",
        "erased",
    ]
    for model in (ConsentEvidence, Notice, AddressChange):
        assert not model.objects.exists()
    send_mail()
    assert mailoutbox == []


@pytest.mark.parametrize("sure", [None, "", "off", "false"])
def test_erasure_needs_its_box(client, mara, sure):
    wish = {"wish": "erase"} | ({} if sure is None else {"sure": sure})

    response = client.post(path_of(mara), wish)

    assert response.status_code == 400
    assert 'id="sure-error"' in response.text
    assert Subscriber.objects.get().status == "active"


def test_somebody_who_left_can_still_have_her_data_and_be_erased(client, mara, mailoutbox):
    mara.unsubscribe()

    client.post(f"/newsletter/preferences/{mara.token}/?my-data")
    send_mail()
    path = link_in(mailoutbox[0], "data")
    page = client.get(path)
    client.post(path, {"wish": "erase", "sure": "true"})

    assert "Another address" not in page.text
    assert Subscriber.objects.get().status == "erased"
