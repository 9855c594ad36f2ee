"""Housekeeping in the task queue, which django-tasks-db leaves to its user."""

import logging
from datetime import timedelta

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

logger = logging.getLogger("pennypost.queue")

# Far longer than any task takes: they work in chunks, so one that still runs was killed.
LEASE = timedelta(minutes=10)
# A task that was in hand at this many deaths may well be their cause.
ATTEMPTS = 3
KEPT = timedelta(days=3)


def free_stuck_tasks() -> int:
    """Put tasks whose worker died back into the queue, and give up those that keep killing it."""
    stuck = DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - LEASE)
    return sum(free(task) for task in stuck)


def free(task: DBTaskResult) -> int:
    # Another worker's clock may have been first, or the task ended after all.
    as_read = DBTaskResult.objects.running().filter(pk=task.pk, started_at=task.started_at)
    if len(task.worker_ids) < ATTEMPTS:
        return as_read.update(status="READY", started_at=None)
    logger.error("Task %s was given up: its worker died %s times.", task.task_path, ATTEMPTS)
    return as_read.update(status="FAILED", finished_at=timezone.now())


def prune_results() -> int:
    """Forget what ended days ago; returns how many rows."""
    deleted, _ = (
        DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - KEPT).delete()
    )
    return deleted
