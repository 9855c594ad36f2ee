"""The sink itself: what it does wrong on demand, and that its log loses nothing."""

import smtplib
from collections import Counter

import pytest

from tests.faults.sink import Rule, Sink

pytestmark = pytest.mark.processes

MAIL = (
    "Message-ID: <1@blog.example.com>\r\nFeedback-ID: issue4:all:news:blog\r\n\r\n"
    "One line\r\n.\r\n..and dots\r\n"
)


@pytest.fixture
def sink(server):
    """Without rules, and with an empty log."""
    server.set_rules()
    server.log.write_text("")
    return server


def client(sink, timeout=5):
    return smtplib.SMTP("127.0.0.1", sink.port, local_hostname="client", timeout=timeout)


def send(smtp, *recipients):
    for recipient in recipients:
        smtp.sendmail("news@blog.example.com", [recipient], MAIL)


def test_mail_is_taken_and_logged_with_its_issue(sink):
    with client(sink) as smtp:
        send(smtp, "a@example.com", "b@example.com", "a@example.com")

    assert sink.accepted() == {("a@example.com", "issue4"): 2, ("b@example.com", "issue4"): 1}
    assert {event.message_id for event in sink.events("accepted")} == {"<1@blog.example.com>"}


def test_mail_is_kept_as_it_was_on_the_wire(sink):
    sink.set_rules(keep_raw=True)

    with client(sink) as smtp:
        send(smtp, "a@example.com")

    assert sink.raw()[-1] == MAIL.replace("\r\n.", "\r\n..").encode()


def test_log_and_port_outlive_a_kill(tmp_path):
    with Sink(tmp_path) as sink:
        with client(sink) as smtp:
            send(smtp, "a@example.com")
            sink.stop()
        before = sink.accepted()
        sink.start()
        with client(sink) as smtp:
            send(smtp, "a@example.com")

        assert before == Counter({("a@example.com", "issue4"): 1})
        assert sink.accepted() == Counter({("a@example.com", "issue4"): 2})


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("reply", [(451, b"4.3.0 Later"), (550, b"5.1.1 Nobody")])
def test_refusal_at_a_phase_leaves_the_connection_usable(sink, phase, reply):
    sink.set_rules(Rule(phase, f"{reply[0]} {reply[1].decode()}", times=1))

    with client(sink) as smtp:
        with pytest.raises(smtplib.SMTPException) as refusal:
            send(smtp, "a@example.com")
        send(smtp, "a@example.com")

    assert reply in refused_with(refusal.value)
    assert sink.accepted() == {("a@example.com", "issue4"): 1}


def refused_with(error):
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [*error.recipients.values()]
    return [(error.smtp_code, error.smtp_error)]


def test_rule_strikes_whom_and_as_often_as_it_says(sink):
    sink.set_rules(Rule("RCPT", "450 4.2.1 Later", who="*7@*", times=2))

    with client(sink) as smtp:
        for _ in range(2):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send(smtp, "reader7@example.com")
        send(smtp, "reader7@example.com", "reader8@example.com")

    assert sum(sink.accepted().values()) == 2


def test_rule_strikes_every_third_time(sink):
    sink.set_rules(Rule("END", "451 4.3.0 Later", every=3))

    with client(sink) as smtp:
        send(smtp, "a@example.com", "b@example.com")
        with pytest.raises(smtplib.SMTPDataError):
            send(smtp, "c@example.com")
        send(smtp, "d@example.com")

    assert sum(sink.accepted().values()) == 3


@pytest.mark.parametrize(
    ("phase", "act", "taken"),
    [
        ("RCPT", "drop", 0),
        ("DATA", "drop", 0),
        ("body", "drop", 0),
        ("END", "drop", 0),
        ("END", "accept and drop", 1),
        ("END", "accept and 421 4.3.2 Going down", 1),
        ("END", "hang", 0),
        ("END", "accept and hang", 1),
    ],
)
def test_mail_that_ends_badly_is_logged_as_taken_or_not(sink, phase, act, taken):
    sink.set_rules(Rule(phase, act))

    with pytest.raises((smtplib.SMTPException, OSError)), client(sink, timeout=0.2) as smtp:
        send(smtp, "a@example.com")

    assert sum(sink.accepted().values()) == taken
    [event] = [one for one in sink.events() if one.detail == act and one.what != "accepted"]
    assert event.recipient == "a@example.com"


def test_drop_at_quit_comes_after_the_mail_was_taken(sink):
    sink.set_rules(Rule("QUIT", "drop"))

    smtp = client(sink)
    send(smtp, "a@example.com")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.quit()

    assert sum(sink.accepted().values()) == 1


def test_banner_turns_the_client_away(sink):
    sink.set_rules(Rule("banner", "421 4.3.2 Busy", times=1))

    with pytest.raises(smtplib.SMTPConnectError):
        client(sink)
    with client(sink) as smtp:
        assert smtp.noop()[0] == 250


def test_greeting_that_hangs(sink):
    sink.set_rules(Rule("EHLO", "hang"))

    with client(sink, timeout=0.1) as smtp, pytest.raises(smtplib.SMTPException, match="timed out"):
        smtp.ehlo()


def test_only_so_many_connections_and_mails_each(sink):
    sink.set_rules(most_connections=1, most_mails=1)

    with client(sink) as smtp:
        with pytest.raises(smtplib.SMTPConnectError):
            client(sink)
        send(smtp, "a@example.com")
        with pytest.raises(smtplib.SMTPSenderRefused, match="Too many mails"):
            send(smtp, "b@example.com")


@pytest.mark.parametrize("offered", [True, False])
def test_pipelining_is_offered_or_not(sink, offered):
    sink.set_rules(pipelining=offered)

    with client(sink) as smtp:
        smtp.ehlo()
        extensions = smtp.esmtp_features

    assert ("pipelining" in extensions) == offered
    assert "starttls" not in extensions


def test_replies_come_after_the_delay_and_in_order(sink):
    sink.set_rules(delay=0.05)

    with client(sink) as smtp:
        smtp.ehlo()
        smtp.send(b"MAIL FROM:<n@x>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n")
        replies = [smtp.getreply()[0] for _ in range(3)]
        smtp.send(MAIL.replace("\r\n.", "\r\n..").encode() + b".\r\n")
        replies.append(smtp.getreply()[0])

    times = [event.at for event in sink.events() if event.what in {"connected", "accepted"}]
    assert replies == [250, 250, 354, 250]
    assert times[1] - times[0] > 0.14


def test_open_connections_are_counted(sink):
    with client(sink), client(sink):
        assert sink.counts()["open"] == 2
