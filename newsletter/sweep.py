"""What must happen without anybody asking: the worker calls `sweep()` every few seconds."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from blog.models import Heartbeat
from newsletter.digests import run_due
from newsletter.imports.inviting import invite
from newsletter.models import (
    AddressChange,
    ConsentEvidence,
    ImportBatch,
    ImportFile,
    Issue,
    Notice,
    Subscriber,
    Terms,
)
from newsletter.signups import remind
from newsletter.tasks import import_list, send_notices, undo_import

# How long we remember what mails we sent, and wishes to move.
KEPT = timedelta(days=30)
FORGETTING = "newsletter: forgetting"
CHUNK = 500


def sweep() -> None:
    """Send what is due, forget what is old. With nothing to do it costs four small reads."""
    if Notice.objects.overlooked().exists():
        send_notices.enqueue()
    if ImportBatch.objects.inviting().exists():
        invite()
    if not Heartbeat.objects.alive(FORGETTING, within=timedelta(hours=1)):
        Heartbeat.objects.beat(FORGETTING)
        forget()
        remind()
        for terms in Terms.objects.to_render_again():
            terms.render_again()
        for issue in Issue.objects.to_render_again():
            issue.render_again()
    run_due()


def forget() -> None:
    """Delete what was only kept for a time; docs/sign-ups.md says what and why."""
    purge_subscribers()
    now = timezone.now()
    evidence_kept = timedelta(days=settings.EVIDENCE_DAYS)
    ConsentEvidence.objects.filter(created_at__lt=now - evidence_kept).forget()
    ImportFile.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    for lost in ImportFile.objects.filter(queued_at__lt=now - timedelta(minutes=10)):
        import_list.enqueue(lost.pk)
    for undone in ImportBatch.objects.filter(undone_at__gt=now - timedelta(days=1)):
        undo_import.enqueue(undone.pk)  # goes on where one died, and else finds nobody
    Notice.objects.filter(settled_at__lt=now - KEPT).delete()
    AddressChange.objects.filter(created_at__lt=now - KEPT).delete()


def purge_subscribers() -> int:
    """Forget the sign-ups that nobody confirmed; returns how many."""
    total = 0
    while purged := Subscriber.objects.purge(most=CHUNK):
        total += purged
    return total
