"""A real worker process, a mail service, and calls that end badly."""

from urllib.parse import quote

import pytest

from tests.mail_service import MailService, listening

pytestmark = pytest.mark.processes

BATCH = 20


def settings_for(service):
    return {
        "EMAIL_URL": f"anymail://postmark?server_token=token&api_url={quote(service.url)}",
        "SEND_BATCH": str(BATCH),
        "SEND_LEASE": "4",
    }


def test_worker_killed_during_a_call_leaves_just_its_mails_in_doubt(a_site):
    with listening(MailService("postmark", rules=["take", "take and hang"])) as service:
        a_site.work(**settings_for(service))
        a_site.send()
        a_site.until(lambda: len(service.calls) == 2)
        a_site.kill(a_site.workers[0])
        assert a_site.statuses()["sending"] == BATCH
        a_site.work(**settings_for(service))
        a_site.wait_until_finished()

    in_doubt = {address for mail in service.calls[1] for address in mail.to}
    unknown = {email for email, status, *_ in a_site.ask("rows()") if status == "unknown"}
    assert unknown == in_doubt
    assert a_site.statuses() == {"sent": a_site.readers - BATCH, "unknown": BATCH}
    assert len(service.recipients) == len(set(service.recipients)) == a_site.readers


def test_two_workers_with_calls_of_many_reach_everybody_once(a_site):
    with listening(MailService("postmark")) as service:
        a_site.work(2, **settings_for(service))
        a_site.send()
        a_site.wait_until_finished()

    assert a_site.statuses() == {"sent": a_site.readers}
    assert len(service.recipients) == len(set(service.recipients)) == a_site.readers
    assert max(len(call) for call in service.calls) <= BATCH
