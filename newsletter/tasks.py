"""What the worker does for the newsletter. Rows are the truth, these are only nudges."""

from django.db import transaction
from django.db.models import QuerySet
from django.tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from blog.outbox import deliver
from blog.prepared import Prepared
from newsletter import notices
from newsletter.imports import undoing, uploads
from newsletter.models import ImportBatch, ImportFile, Notice

# A chunk ends soon enough for a worker that is asked to stop.
CHUNK = 50


@task
def send_notices() -> int:
    """Send what is due, a chunk a task; returns how many notices were looked at."""
    looked_at = deliver(Notice.objects.all(), notices.write, most=CHUNK)
    if looked_at == CHUNK:
        send_notices.enqueue()
    return looked_at


def nudge() -> None:
    """Have notices sent soon. In a rush of sign-ups the first nudge that waits is for all."""
    if not _waiting_nudges():
        # A transaction waits for its turn (config/sqlite3); a lone statement may wait for long.
        with transaction.atomic():
            send_notices.enqueue()


@Prepared
def _waiting_nudges() -> QuerySet[DBTaskResult]:
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    return waiting.filter(task_path=send_notices.module_path).order_by()[:1]


@task
def import_list(pk: int) -> None:
    """Import a list that was brought to the newsroom. Begun twice it still happens once."""
    if brought := ImportFile.objects.filter(pk=pk).first():
        uploads.carry_out(brought)


@task
def undo_import(pk: int) -> None:
    """Take an import back, or go on with it."""
    if batch := ImportBatch.objects.filter(pk=pk).first():
        undoing.undo(batch)
