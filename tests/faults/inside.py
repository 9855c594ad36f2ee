"""Sending in the tests' own process and database, to a sink in another."""

from django.utils import timezone

from newsletter.models import Issue
from newsletter.sending.sender import Sender
from tests.faults.sink import Sink
from tests.newsletter.sending import statuses

READERS = 100


def send() -> None:
    """What a worker does, until nothing is due."""
    sender = Sender(lambda: False)
    while sender.work():
        pass


def send_all(issue: Issue) -> int:
    """Let the time pass that those who wait have to wait; returns how often that was."""
    for rounds in range(20):
        send()
        if not issue.deliveries.filter(status="waiting").update(due_at=timezone.now()):
            return rounds
    raise AssertionError(statuses(issue))


def everybody_once(sink: Sink, *, but: int = 0) -> bool:
    """Whether all but so many were sent one mail, and none more."""
    accepted = sink.accepted()
    return len(accepted) == READERS - but and set(accepted.values()) == {1}
