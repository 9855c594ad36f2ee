"""Which scheduled issues are to start, and which must wait for a human."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from newsletter.letters import NotReady
from newsletter.models import Issue
from newsletter.sending import issues

ELSEWHERE = gettext_noop(
    "It was scheduled or started in another installation: this database was restored or copied. "
    "Go on only if the other one does not."
)
LATE = gettext_noop(
    "Its time passed while nothing could be sent. Send it now, or choose another time."
)
HIDDEN = gettext_noop(
    "Its time has come, and a post of it is not public. Publish the post, or send without it."
)


def start_if_due(issue: Issue, here: str) -> bool:
    """Start a scheduled issue whose time has come; returns whether that was so.

    One that must wait for a human says why, in `paused_because`. `here` is the identity of this
    installation.
    """
    due_at = due_time(issue)
    if due_at is None or due_at > timezone.now():
        return False
    if because := _obstacle(issue, due_at, here):
        Issue.objects.filter(pk=issue.pk, status=Issue.Status.SCHEDULED).update(
            paused_because=because
        )
        return False
    try:
        issues.start(issue)
    except (issues.NotNowError, NotReady):
        return False  # another worker was first, or somebody changed it this moment
    return True


def due_time(issue: Issue) -> datetime | None:
    """When it is to start; None where a post that it waits for has no time."""
    if not issue.with_posts:
        return issue.send_at
    times = [
        place.post.published_at if place.post and place.post.status == "published" else None
        for place in issue.places.select_related("post")
    ]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _obstacle(issue: Issue, due_at: datetime, here: str) -> str:
    if issue.owner != here:
        return gettext(ELSEWHERE)
    if timezone.now() - due_at > timedelta(hours=settings.SEND_LATE_HOURS):
        return gettext(LATE)
    return gettext(HIDDEN) if issues.hidden_posts(issue) else ""


def why_held(issue: Issue, here: str) -> str:
    """Why it does not go on by itself; empty where it does, or where a person paused it.

    `here` is the identity of this installation, which costs a look into the database.
    """
    begun = issue.status in {Issue.Status.SENDING, Issue.Status.PAUSED}
    return gettext(ELSEWHERE) if begun and issue.owner != here else issue.paused_because
