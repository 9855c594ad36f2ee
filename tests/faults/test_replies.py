"""A hundred readers and a mail server with moods; the sender in this process.

What a single answer means is told in tests/newsletter/test_sending.py. Here it comes amid others,
on several connections.
"""

from collections import Counter

import pytest

from newsletter.letters import Letter
from newsletter.models import Delivery, Subscriber
from newsletter.progress import server_is_away
from newsletter.sending import issues
from newsletter.sending.freezing import freeze_next
from newsletter.smtp import Connection
from tests.faults.inside import READERS, everybody_once, send, send_all
from tests.faults.sink import Rule
from tests.newsletter.sending import statuses

pytestmark = [pytest.mark.processes, pytest.mark.django_db]


def of_readers(pattern):
    return Delivery.objects.filter(subscriber__email__regex=pattern)


def test_all_is_well(issue, sink):
    """Case K01."""
    assert send_all(issue) == 0

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS}
    assert issue.is_finished
    assert sink.counts()["most_open"] > 1


def test_greylisted_recipients_are_tried_again(issue, sink):
    """Case K05: the third attempt succeeds."""
    sink.set_rules(Rule("RCPT", "450 4.2.0 Later", who="*7@*", times=2))

    assert send_all(issue) == 2

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS}
    assert Counter(of_readers("7@").values_list("attempts", flat=True)) == {3: 10}
    assert Counter(of_readers("8@").values_list("attempts", flat=True)) == {1: 10}


def test_unknown_recipients_fail_alone_and_for_good(issue, sink):
    """Case K06."""
    sink.set_rules(Rule("RCPT", "550 5.1.1 Nobody here", who="*77@*"))

    assert send_all(issue) == 0

    assert everybody_once(sink, but=1)
    assert statuses(issue) == {"sent": READERS - 1, "failed": 1}
    assert of_readers("77@").get().reply == "550 5.1.1 Nobody here"
    assert len([event for event in sink.events("RCPT") if "77@" in event.recipient]) == 1


@pytest.mark.parametrize("phase", ["RCPT", "DATA"])
def test_connection_dropped_before_the_text_is_tried_again(issue, sink, phase):
    """Case K08."""
    sink.set_rules(Rule(phase, "drop", who="*7@*", times=1))

    send_all(issue)

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS}


def test_connection_dropped_over_the_text_is_tried_again(issue, sink, monkeypatch):
    """Case K08: the texts are too long for the system to take them whole before the drop."""
    monkeypatch.setattr(Letter, "pour", with_a_long_text(Letter.pour))
    sink.set_rules(Rule("body", "drop", who="*77@*", times=1))

    send_all(issue)

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS}


def with_a_long_text(pour):
    def poured(self, reader):
        longer = b"A line of it.\r\n" * 500_000 if "77@" in reader.email else b""
        return pour(self, reader) + longer

    return poured


def test_mail_taken_without_an_answer_is_unknown_and_not_sent_again(issue, sink):
    """Case K09."""
    sink.set_rules(Rule("END", "accept and drop", who="*7@*"))

    send_all(issue)

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS - 10, "unknown": 10}
    assert issue.is_finished
    for delivery in of_readers("7@"):
        assert issues.resolve_as_sent(delivery)
    assert statuses(issue) == {"sent": READERS}


def test_refusals_after_the_text_leave_the_connection_usable(issue, sink, settings):
    """Case K12: one connection, on which a refusal comes in the midst of others."""
    settings.SEND_CONNECTIONS = 1
    sink.set_rules(
        Rule("END", "452 4.2.2 Full", who="reader33@*", times=1),
        Rule("END", "554 5.6.0 No", who="reader66@*"),
    )

    assert send_all(issue) == 1

    assert everybody_once(sink, but=1)
    assert statuses(issue) == {"sent": READERS - 1, "failed": 1}
    assert of_readers("66@").get().reply == "554 5.6.0 No"
    assert len(sink.events("END")) == 2
    # The second is for the attempt after the wait.
    assert len(sink.events("connected")) == 2


def test_mail_that_cannot_be_written_fails_alone(issue, sink, monkeypatch):
    """Case K13."""
    pour = Letter.pour

    def break_for_one(self, reader):
        if reader.email == "reader50@example.com":
            raise KeyError("a merge tag")
        return pour(self, reader)

    monkeypatch.setattr(Letter, "pour", break_for_one)

    assert send_all(issue) == 0

    assert everybody_once(sink, but=1)
    assert statuses(issue) == {"sent": READERS - 1, "failed": 1}
    assert of_readers("reader50@").get().reply == "It could not be written (KeyError)."


def test_message_id_stays_over_retries_and_is_never_shared(issue, sink):
    """Case E08."""
    sink.set_rules(Rule("END", "accept and 451 4.3.0 Lost", who="*7@*", times=1))

    send_all(issue)

    ids = {}
    for event in sink.events("accepted"):
        ids.setdefault(event.recipient, set()).add(event.message_id)
    assert sum(sink.accepted().values()) == READERS + 10
    assert {len(found) for found in ids.values()} == {1}
    assert len(set.union(*ids.values())) == READERS


def test_server_without_pipelining_gets_everything_too(issue, sink):
    sink.set_rules(Rule("RCPT", "550 5.1.1 Nobody", who="*7@*"), pipelining=False)

    assert send_all(issue) == 0

    assert everybody_once(sink, but=10)
    assert statuses(issue) == {"sent": READERS - 10, "failed": 10}
    assert sink.events("spoke early") == []


def test_server_that_takes_few_connections_and_few_mails_on_each(issue, sink):
    sink.set_rules(most_connections=2, most_mails=10)

    send_all(issue)

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS}
    assert sink.counts()["most_open"] >= 2


def test_connection_lost_as_it_is_used_makes_room_for_the_next(issue, sink, monkeypatch):
    """The system gives the socket's number again at once."""
    offer, lost = Connection.offer, []

    def lose_the_first(self, mail):
        offer(self, mail)
        if len(lost) < 3:
            lost.append(mail)
            self._lose("Connection reset by peer")

    monkeypatch.setattr(Connection, "offer", lose_the_first)

    send_all(issue)

    assert everybody_once(sink)
    assert statuses(issue) == {"sent": READERS}


@pytest.mark.parametrize(
    "rule", [Rule("banner", "421 4.3.2 Busy"), Rule("MAIL", "421 4.3.2 Busy"), Rule("RCPT", "drop")]
)
def test_server_that_takes_nothing_is_away_however_few_the_readers_are(issue, sink, rule, caplog):
    """Case K07."""
    freeze_next(issue)
    Delivery.objects.exclude(subscriber__email__endswith="7@example.com").delete()
    sink.set_rules(rule)

    for _ in range(3):
        send()

    assert statuses(issue) == {"waiting": 10}
    assert server_is_away()
    assert len(caplog.messages) == 1
    sink.set_rules()
    send_all(issue)
    assert statuses(issue) == {"sent": 10}
    assert not server_is_away()


def test_server_that_no_longer_offers_tls_gets_nothing(issue, sink, settings):
    settings.MAILERS["default"]["OPTIONS"]["use_tls"] = True

    send()

    assert sink.accepted() == {}
    assert statuses(issue) == {"waiting": READERS}


def test_refused_sender_pauses_the_issue_before_everybody_is_tried(issue, sink):
    sink.set_rules(Rule("MAIL", "550 5.7.1 Not from here"))

    send()

    issue.refresh_from_db()
    assert issue.status == "paused"
    assert "Not from here" in issue.paused_because
    assert statuses(issue) == {"waiting": READERS}
    assert len(sink.events("MAIL")) <= 8


def test_reader_who_leaves_gets_nothing(issue, sink):
    freeze_next(issue)
    Subscriber.objects.filter(email__endswith="7@example.com").update(status="unsubscribed")

    send_all(issue)

    assert everybody_once(sink, but=10)
    assert statuses(issue) == {"sent": READERS - 10, "skipped": 10}
