"""Issues in a given state, and a sender that runs until nothing is left to do."""

from collections.abc import Sequence

import requests
from anymail.exceptions import AnymailRequestsAPIError
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from newsletter.models import Delivery, Issue
from newsletter.sending import issues
from newsletter.sending.sender import Sender
from tests.factories import IssueFactory, SubscriberFactory


def started(readers: int, **fields: object) -> Issue:
    """An issue that was sent to so many new readers a moment ago."""
    SubscriberFactory.create_batch(readers)
    issue = IssueFactory(**fields)
    issues.start(issue)
    return issue


def send(times: int = 50) -> None:
    """What a worker does, until there is nothing left that is due."""
    sender = Sender(lambda: False)
    for _ in range(times):
        if not sender.work():
            return


def outcome(issue: Issue, email: str) -> tuple[str, str]:
    """The status and reply of one reader's mail."""
    row = Delivery.objects.get(issue=issue, subscriber__email=email)
    return row.status, row.reply


def statuses(issue: Issue) -> dict[str, int]:
    """How many deliveries are in each state that any of them is in."""
    return {status: count for status, count in issue.counts().items() if count}


class Refusing(BaseEmailBackend):
    """A mail service that does not know our key."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        response = requests.Response()
        response.status_code, response.reason = 401, "Unauthorized"
        raise AnymailRequestsAPIError(response=response)
