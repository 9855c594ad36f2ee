"""Case E11: what nobody but its owner may know is not in logs, nor in what a newsroom shows."""

import logging
import smtplib

import pytest

from newsletter.models import Issue, Notice, Subscriber
from newsletter.tasks import send_notices
from tests.factories import TermsFactory
from tests.newsletter.flows import sign_up
from tests.newsletter.sending import send, started
from tests.smtp import Sink, running

pytestmark = pytest.mark.django_db

PASSWORD, READER = "opens-the-mail-server", "grace@example.com"


@pytest.fixture
def refusing_server(settings, monkeypatch):
    """Says whom it does not let in, and for whom the mail was."""

    def refuse(self, user, password, **options):
        raise smtplib.SMTPAuthenticationError(535, f"5.7.8 No {user}, {READER}".encode())

    monkeypatch.setattr(smtplib.SMTP, "login", refuse)
    with running(Sink(), settings) as sink:
        options = settings.MAILERS["default"]["OPTIONS"]
        options |= {"username": "us@example.com", "password": PASSWORD}
        yield sink


def test_refused_sign_in_gives_away_neither_password_nor_address(client, refusing_server, caplog):
    TermsFactory()
    sign_up(READER, client)
    started(1)

    with caplog.at_level(logging.INFO):
        send_notices.call()
        send()

    tokens = Subscriber.objects.values_list("token", flat=True)
    shown = [
        caplog.text,
        *Notice.objects.values_list("reply", flat=True),
        *Issue.objects.values_list("paused_because", flat=True),
    ]
    assert any("535" in text for text in shown)
    for secret in (PASSWORD, READER, "us@example.com", *tokens):
        assert [text for text in shown if secret in text] == []
