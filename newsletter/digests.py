"""Making issues by schedule, of the posts that became public since the last one.

The worker's sweep calls `run_due()`. The row of a digest is locked while it runs, and its next time
moves in the same transaction, so of two workers the second finds nothing to do. That a digest has
one issue for each time is a constraint as well.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from blog.models import Limit
from newsletter import installation
from newsletter.letters import NotReady
from newsletter.models import Digest, DigestRun, Issue, IssuePost
from newsletter.sending import issues
from newsletter.sending.due import LATE

logger = logging.getLogger("pennypost.newsletter")


def run_due() -> int:
    """Run the digests whose time has come; returns how many issues were made."""
    made = 0
    for pk in list(Digest.objects.due().values_list("pk", flat=True)):
        try:
            made += run(pk) is not None
        except Exception:  # whatever is wrong with one digest, the others go out
            # It is tried again every few seconds.
            if Limit.objects.allow(f"log: digest {pk}", most=1, within=timedelta(minutes=10)):
                logger.exception("Digest %s could not be made into an issue.", pk)
    return made


@transaction.atomic
def run(pk: int) -> Issue | None:
    """Make and start the issue of a digest that is due; None where there is nothing to send."""
    digest = Digest.objects.due().select_for_update(of=("self",)).filter(pk=pk).first()
    if digest is None:  # another worker was first
        return None
    # In a restored or cloned database it waits until somebody saves it there.
    if digest.owner != installation.identity():
        return None
    now = timezone.now()
    # Of several times that passed while no worker ran, the last one counts for all of them.
    due_at = digest.timetable.latest(now)
    digest.next_at = digest.timetable.next(now)
    issue = None
    if not digest.runs.filter(due_at=due_at).exists():  # unless the clock was put back
        if posts := list(digest.new_posts().values_list("pk", flat=True)):
            issue = _issue(digest, due_at, posts)
        digest.last_run_at = now
    digest.save(update_fields=["last_run_at", "next_at"])
    if issue:
        _start(issue, due_at)
    return issue


def _issue(digest: Digest, due_at: datetime, posts: list[int]) -> Issue:
    issue = Issue.objects.create(
        subject=f"{digest.name}, {date_format(timezone.localtime(due_at), 'MONTH_DAY_FORMAT')}",
        intro=digest.intro,
        shows=digest.shows,
        audience=Issue.Audience.TOPICS,
    )
    # With no category it is for the readers of everything.
    if not digest.has_everything:
        issue.categories.set(digest.categories.all())
    IssuePost.objects.bulk_create(
        [IssuePost(issue=issue, post_id=pk, position=place) for place, pk in enumerate(posts, 1)]
    )
    DigestRun.objects.create(digest=digest, due_at=due_at, issue=issue)
    return issue


def _start(issue: Issue, due_at: datetime) -> None:
    """Send it, or leave a draft that says why a human must."""
    because = ""
    if timezone.now() - due_at > timedelta(hours=settings.SEND_LATE_HOURS):
        because = gettext(LATE)
    else:
        try:
            issues.start(issue)
        except (issues.NotNowError, NotReady) as obstacle:
            because = str(obstacle)
    if because:
        Issue.objects.filter(pk=issue.pk).update(paused_because=because)
