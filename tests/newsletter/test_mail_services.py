"""Issues through mail services: several mails in a call, and what one without an answer leaves."""

from pkgutil import iter_modules

import pytest
import requests
from anymail import backends
from anymail.exceptions import AnymailAPIError, AnymailUnsupportedFeature
from anymail.message import AnymailRecipientStatus
from django.core.checks import run_checks
from django.db.models.functions import Now

from newsletter import grain
from newsletter.letters import Letter, Reader
from newsletter.models import Feedback, FrozenMail, Subscriber
from newsletter.sending import calls, issues, ledger, verdicts
from newsletter.sending.verdicts import Blame
from tests.factories import SiteFactory, SubscriberFactory
from tests.mail_service import MailService, listening, settings_for
from tests.newsletter.sending import outcome, send, started, statuses

pytestmark = pytest.mark.django_db

MERGING = ["brevo", "mailgun", "mailjet", "mailtrap", "postmark", "resend"]
READER = "Reader@example.com"
HAD_IT = {"code": "duplicate_parameter", "message": "The key was used."}


@pytest.fixture
def service_of(settings, monkeypatch):
    """Starts a service by name, and sends the site's mail there."""
    monkeypatch.setattr("newsletter.sending.backend.REPEATS", (0, 0))
    stack = []

    def start(name, batch=3, **more):
        context = listening(MailService(name, **more))
        service = context.__enter__()
        stack.append(context)
        settings.MAIL_SERVICE = name
        settings.MAILERS = {"default": {"BACKEND": f"anymail.backends.{name}.EmailBackend"}}
        settings.ANYMAIL = settings_for(service) | {"REQUESTS_TIMEOUT": (5, 5)}
        settings.SEND_BATCH = batch
        return service

    yield start
    for context in stack:
        context.__exit__(None, None, None)


def balanced(issue):
    """The counts, which must always add up to those who were frozen."""
    issue.refresh_from_db()
    assert sum(issue.counts().values()) == issue.frozen_count
    return statuses(issue)


def sizes(service):
    return [len(call) for call in service.calls]


def by_delivery(service):
    """The mails that were taken, without what is of a call and not of a mail: the key of Brevo's,
    and the Message-ID, which Mailgun gives the mails of one call itself.
    """
    of_the_call = {"brevo": "idempotencyKey", "mailgun": "Message-Id"}.get(service.name, "")
    for mail in service.taken:
        mail.headers.pop(of_the_call, None)
    return {mail.delivery: mail for mail in service.taken}


# --- Each reader gets a mail to her alone ---------------------------------------------------------


@pytest.mark.parametrize("name", MERGING)
def test_readers_of_one_call_get_each_a_mail_of_her_own(service_of, name):
    service = service_of(name)
    SubscriberFactory(email="O'Neil&co@example.com")
    issue = started(6, body="Hello {{ email }}, [go]({{ unsubscribe_url }}). Not {{ token }}, %x%.")

    send()

    assert balanced(issue) == {"sent": 7}
    assert sizes(service) == [3, 3, 1]
    tokens = dict(Subscriber.objects.values_list("email", "token"))
    for mail in service.taken:
        [address] = mail.to
        link = f"https://blog.example.com/newsletter/unsubscribe/{tokens[address]}/"
        assert mail.headers["List-Unsubscribe"] == f"<{link}>"
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail.headers["List-Id"].endswith("<news.blog.example.com>")
        assert f"Hello {address}" in mail.text
        assert f"Hello {address.replace('&', '&amp;').replace("'", '&#x27;')}" in mail.html
        row = issue.deliveries.get(pk=mail.delivery)
        assert row.subscriber.email == address
        for part in (mail.text, mail.html):
            assert link in part
            assert "{{ token }}" in part
            assert not any(token in part for who, token in tokens.items() if who != address)
            assert "goes0here" not in part


@pytest.mark.parametrize("name", MERGING)
def test_mail_of_a_call_is_the_same_as_one_that_goes_alone(service_of, settings, name):
    service = service_of(name, batch=1)
    issue = started(2, body="Hello {{ email }}.")
    send()
    alone = by_delivery(service)
    issue.deliveries.update(status="waiting")
    service.taken.clear()

    settings.SEND_BATCH = 2
    send()

    assert sizes(service) == [1, 1, 2]
    assert by_delivery(service) == alone


def test_message_id_is_the_same_as_over_smtp(service_of):
    service = service_of("postmark")
    issue = started(3)

    send()

    letter = Letter(FrozenMail.objects.get(issue=issue))
    for delivery, mail in by_delivery(service).items():
        reader = Reader(int(delivery), mail.to[0], "token")
        assert mail.headers["Message-ID"] == letter.message_id(reader)


def test_service_that_takes_no_such_calls_gets_one_mail_a_call(service_of):
    service = service_of("sparkpost", batch=50)
    issue = started(3)

    send()

    assert balanced(issue) == {"sent": 3}
    assert [mail.to for mail in service.taken] == [
        [email] for email in Subscriber.objects.order_by("pk").values_list("email", flat=True)
    ]


def test_no_more_go_in_a_call_than_the_service_takes(service_of):
    service = service_of("mailjet", batch=100)
    issue = started(60)

    send()

    assert sizes(service) == [50, 10]
    assert balanced(issue) == {"sent": 60}


# --- Who is not in it -----------------------------------------------------------------------------


def test_who_left_before_a_call_is_not_in_it(service_of, monkeypatch):
    service = service_of("postmark")
    gone = SubscriberFactory(email=READER)
    issue = started(3)
    pour = Letter.pour

    def pour_as_she_leaves(self, reader):
        if reader.email == READER:
            gone.unsubscribe()
        return pour(self, reader)

    monkeypatch.setattr(Letter, "pour", pour_as_she_leaves)
    send()

    assert balanced(issue) == {"sent": 3, "skipped": 1}
    assert READER not in service.recipients
    assert outcome(issue, READER) == ("skipped", ledger.NOT_SUBSCRIBED)


def test_mail_that_cannot_be_written_fails_alone(service_of, monkeypatch):
    service = service_of("resend")
    SubscriberFactory(email=READER)
    issue = started(4)
    pour = Letter.pour

    def pour_or_break(self, reader):
        if reader.email == READER:
            raise ValueError("no words")
        return pour(self, reader)

    monkeypatch.setattr(Letter, "pour", pour_or_break)
    send()

    assert balanced(issue) == {"sent": 4, "failed": 1}
    assert READER not in service.recipients


def test_issue_that_is_paused_ends_after_the_call(service_of, monkeypatch):
    service = service_of("postmark")
    issue = started(7)
    hand_over = calls.hand_over

    def pause_and_hand_over(call):
        issues.pause(issue)
        return hand_over(call)

    monkeypatch.setattr(calls, "hand_over", pause_and_hand_over)
    send()

    assert sizes(service) == [3]
    assert balanced(issue) == {"sent": 3, "waiting": 4}


def test_rate_is_kept_and_makes_calls_smaller(service_of, settings):
    service = service_of("postmark", batch=50)
    settings.SEND_RATE = "600/m"  # 60 at once, then one in a tenth of a second
    issue = started(64)

    send()

    assert balanced(issue) == {"sent": 64}
    first, second, *rest = sizes(service)
    assert first == 50
    assert 10 <= second <= 12
    assert max(rest) <= 2


# --- What the service says of each ----------------------------------------------------------------


def test_reader_whom_the_service_refuses_fails_alone(service_of):
    refused = {"ErrorCode": 406, "Message": "Found inactive addresses: reader@example.com."}
    taken = [{"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{n}"} for n in range(2)]
    service_of("postmark", rules=[(200, [refused, *taken])])
    SubscriberFactory(email=READER)
    issue = started(2)

    send()

    assert balanced(issue) == {"sent": 2, "failed": 1}
    assert outcome(issue, READER) == ("failed", "Found inactive addresses: …")
    assert Feedback.objects.get().kind == "soft"
    assert set(issue.deliveries.filter(status="sent").values_list("reply", flat=True)) == {
        "Postmark took it as id-0.",
        "Postmark took it as id-1.",
    }


def test_answer_for_each_holds_where_all_are_refused(service_of):
    refused = {"ErrorCode": 406, "Message": "Found inactive addresses."}
    service_of("postmark", rules=[(200, [refused] * 3)])
    issue = started(3)

    send()

    assert balanced(issue) == {"failed": 3}


def test_service_that_refuses_every_mail_pauses_the_issue(service_of):
    refused = {"ErrorCode": 405, "Message": "Not allowed to send."}
    service = service_of("postmark", batch=10, rules=[(200, [refused] * 10)])
    issue = started(30)

    send()

    issue.refresh_from_db()
    assert (issue.status, sizes(service)) == ("paused", [10])
    assert "Not allowed to send" in issue.paused_because
    assert balanced(issue) == {"failed": 10, "waiting": 20}


def test_mail_that_was_tried_in_vain_is_not_called_sent(service_of):
    failed = {"success": False, "errors": ["'to' address is invalid"]}
    service_of("mailtrap", batch=1, rules=[(200, {"success": True, **failed})])
    issue = started(1)

    send()

    assert "sent" not in balanced(issue)


def test_call_that_is_refused_as_a_whole_is_made_again_mail_by_mail(service_of):
    no = (422, {"message": "Invalid `to` field."})
    service = service_of("resend", batch=4, rules=[no, "take", no])
    issue = started(4)

    send()

    assert sizes(service) == [4, 1, 1, 1, 1]
    assert balanced(issue) == {"sent": 3, "failed": 1}
    assert len(service.recipients) == len(set(service.recipients)) == 3


def test_service_that_refuses_mail_by_mail_too_pauses_the_issue(service_of):
    no = (400, {"message": "Domain not found."})
    service_of("mailgun", batch=20, rules=[no] * 40)
    issue = started(25)

    send()

    issue.refresh_from_db()
    assert issue.status == "paused"
    assert balanced(issue) == {"failed": 10, "waiting": 15}


@pytest.mark.parametrize(("code", "status"), [(401, "paused"), (429, "sending")])
def test_call_that_may_not_be_made_now_leaves_all_waiting(service_of, code, status):
    service = service_of("postmark", rules=[(code, {"Message": "no"})])
    issue = started(5)

    send()

    issue.refresh_from_db()
    assert (issue.status, sizes(service)) == (status, [3])
    assert balanced(issue) == {"waiting": 5}


def test_service_that_cannot_be_reached_is_nobodys_fault(service_of, settings):
    service_of("postmark")
    settings.ANYMAIL |= {"POSTMARK_API_URL": "http://127.0.0.1:9/"}
    issue = started(5)

    send()
    issue.deliveries.update(attempts=40, due_at=Now())  # far more often than a mail is tried
    send()

    assert balanced(issue) == {"waiting": 5}


def test_mail_that_anymail_cannot_hand_over_pauses_the_issue(service_of):
    SiteFactory(name="Märchen")  # in List-Id, where Brevo takes no letters but ASCII's
    service = service_of("brevo")
    issue = started(3)

    send()

    issue.refresh_from_db()
    assert (issue.status, service.calls) == ("paused", [])
    assert balanced(issue) == {"waiting": 3}


# --- No answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mailgun", "mailjet", "mailtrap", "postmark"])
def test_call_without_an_answer_leaves_just_its_mails_unknown(service_of, name):
    service = service_of(name, rules=["take", "take and drop"])
    issue = started(8)

    send()

    assert sizes(service) == [3, 3]
    assert balanced(issue) == {"sent": 3, "unknown": 3, "waiting": 2}
    in_doubt = {mail.delivery for mail in service.calls[1]}
    assert in_doubt == {str(row.pk) for row in issue.deliveries.unknown()}
    assert issue.deliveries.unknown()[0].reply.startswith("No answer came to the call.")

    send()  # another worker, a moment later

    assert balanced(issue) == {"sent": 5, "unknown": 3}
    assert len(service.recipients) == len(set(service.recipients)) == 8


def test_site_that_prefers_doubles_calls_again(service_of, settings):
    settings.SEND_UNKNOWN_AGAIN = True
    service = service_of("postmark", rules=["take and drop"])
    issue = started(3)

    send()
    send()

    assert balanced(issue) == {"sent": 3}
    assert len(service.recipients) == 6


def test_service_that_never_answers_leaves_a_doubt(service_of, settings):
    service = service_of("postmark", rules=["take and hang"])
    settings.ANYMAIL |= {"REQUESTS_TIMEOUT": (5, 0.2)}
    issue = started(4)

    send()

    assert sizes(service) == [3]
    assert balanced(issue) == {"unknown": 3, "waiting": 1}


def test_answer_that_says_nothing_leaves_a_doubt(service_of):
    service_of("mailgun", rules=[(200, {"id": "1", "message": "Hm."})])
    issue = started(3)

    send()

    assert balanced(issue) == {"unknown": 3}


def test_unanswered_call_is_made_again_under_the_same_key(service_of):
    service = service_of("resend", rules=["take and drop"])
    answered = service.answer

    def once_for_each_key(request):
        """Resend says again what it said, without sending again."""
        keys = [earlier.headers["Idempotency-Key"] for earlier in service.requests]
        if request.headers["Idempotency-Key"] in keys:
            service.rules.insert(0, (200, {"data": [{"id": f"id-{n}"} for n in range(3)]}))
        return answered(request)

    service.answer = once_for_each_key
    issue = started(5)

    send()

    assert balanced(issue) == {"sent": 5}
    assert sizes(service) == [3, 3, 2]
    first, again, other = service.requests
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert first.body == again.body
    assert other.headers["Idempotency-Key"] != first.headers["Idempotency-Key"]
    assert len(service.recipients) == len(set(service.recipients)) == 5


def test_call_whose_twin_is_still_under_way_is_made_again(service_of):
    service = service_of("resend", rules=[(409, {"name": "concurrent_idempotent_requests"})])
    issue = started(3)

    send()

    assert sizes(service) == [3, 3]
    assert balanced(issue) == {"sent": 3}


def test_service_that_had_the_call_is_believed(service_of):
    service = service_of("brevo", rules=["take and drop", (400, HAD_IT)])
    issue = started(3)

    send()

    first, again = service.requests
    assert first.body == again.body
    assert balanced(issue) == {"sent": 3}
    assert set(issue.deliveries.values_list("reply", flat=True)) == {
        "Brevo had it from a call that got no answer."
    }


def test_first_call_that_is_called_a_repeat_has_sent_nothing(service_of):
    service_of("brevo", batch=1, rules=[(400, HAD_IT)])
    issue = started(1)

    send()

    assert balanced(issue) == {"failed": 1}


@pytest.mark.parametrize("second", ["drop", (500, {}), (401, {}), (409, {}), (422, {}), (429, {})])
def test_repeat_that_settles_nothing_leaves_the_first_in_doubt(service_of, second):
    service = service_of("resend", rules=["take and drop", second, second])
    issue = started(5)

    send()

    assert sizes(service) == [3, 3, 3]
    assert balanced(issue) == {"unknown": 3, "waiting": 2}


@pytest.mark.parametrize("name", ["postmark", "mailgun"])
def test_service_without_a_key_is_not_called_again(service_of, name):
    service = service_of(name, rules=["drop"])
    issue = started(3)

    send()

    assert sizes(service) == [3]
    assert balanced(issue) == {"unknown": 3}


def test_mail_that_is_sent_again_by_hand_has_its_key_again(service_of):
    service = service_of("resend", batch=1, rules=["drop"] * 3)
    issue = started(1)
    send()
    [row] = issue.deliveries.unknown()

    issues.resolve_by_sending(row)
    send()

    assert balanced(issue) == {"sent": 1}
    assert len({request.headers["Idempotency-Key"] for request in service.requests}) == 1


def test_key_of_brevo_is_of_one_claim_and_a_uuid(service_of):
    service = service_of("brevo", batch=1, rules=[(429, {"code": "too_many_requests"})])
    started(1)

    send()
    send()

    first, second = (request.body for request in service.requests)
    assert first != second


# --- In words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "batch", "words", "complaint"),
    [
        ("postmark", 1, "Each mail is one call to Postmark; if it gets no answer, one reader", ""),
        ("postmark", 25, "25 mails go in one call to Postmark; if it gets no answer, up to 25", ""),
        ("resend", 25, "made again under the same key", ""),
        ("mailjet", 80, "50 mails go in one call to Mailjet", "Mailjet takes 50, so 50 go in one."),
        ("sparkpost", 5, "Each mail is one call to SparkPost", "through SparkPost each mail is a"),
        ("", 5, "handed over one by one", "without a mail service each mail goes by itself"),
    ],
)
def test_grain_is_said_in_words(settings, name, batch, words, complaint):
    settings.MAIL_SERVICE, settings.SEND_BATCH = name, batch

    assert words in grain.in_words()
    assert complaint in grain.asked_too_much()
    assert bool(complaint) == bool(grain.asked_too_much())


def test_every_service_of_anymail_has_its_place():
    no_services = {"base", "base_requests", "console", "test", "sendinblue"}
    names = {module.name for module in iter_modules(backends.__path__)}
    assert names - no_services == set(grain.SERVICES)


@pytest.mark.parametrize(
    ("answer", "status", "blame"),
    [
        ("queued", "sent", Blame.NOBODY),
        ("rejected", "failed", Blame.RECIPIENT),
        ("invalid", "failed", Blame.RECIPIENT),
        ("failed", "failed", Blame.CONTENT),
        ("unknown", "unknown", Blame.NOBODY),
        (None, "unknown", Blame.NOBODY),
    ],
)
def test_what_a_service_says_of_one_mail(answer, status, blame):
    verdict = verdicts.on_status(AnymailRecipientStatus("id", answer), "It")

    assert (verdict.status, verdict.blame) == (status, blame)


def test_service_that_says_nothing_of_a_mail_leaves_a_doubt():
    assert verdicts.on_status(None, "It").status == "unknown"


def test_words_of_amazons_library_are_understood():
    class ClientError(Exception):
        response = {"ResponseMetadata": {"HTTPStatusCode": 429}}

    class EndpointConnectionError(Exception):
        pass

    for cause in (ClientError(), EndpointConnectionError()):
        fault = AnymailAPIError("no")
        fault.__cause__ = cause
        assert verdicts.on_fault(fault, 1).status == "waiting"
    assert verdicts.on_fault(AnymailAPIError("no"), 1).status == "unknown"
    assert verdicts.on_fault(AnymailUnsupportedFeature("no"), 1).blame is Blame.SENDER
    assert verdicts.on_fault(requests.ReadTimeout(), 1).status == "unknown"


@pytest.mark.parametrize(("batch", "found"), [(50, 0), (80, 1)])
def test_deployment_check_says_where_too_many_are_asked_for(settings, batch, found):
    settings.MAIL_SERVICE, settings.SEND_BATCH = "mailjet", batch

    said = [str(message) for message in run_checks(include_deployment_checks=True)]

    assert sum("Mailjet takes 50, so 50 go in one" in words for words in said) == found
