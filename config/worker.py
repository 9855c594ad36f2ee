"""The background worker: runs queued tasks, and beside them a clock and the newsletter's sender.

Rows are the truth and the queue is only a nudge, so a task that is lost or stuck loses nothing:
the clock's sweeps find whatever is due, and the sender looks at the deliveries themselves.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django_tasks_db.management.commands import db_worker

from blog.models import Heartbeat
from blog.sweep import sweep as sweep_blog
from config.queue import free_stuck_tasks, prune_results
from newsletter.sending.sender import Sender
from newsletter.sweep import sweep as sweep_newsletter

logger = logging.getLogger("pennypost.worker")

PAUSE_AFTER_TROUBLE = 2.0
# Seconds between two looks for issues that wait to be sent.
LOOKS_EVERY = 0.5


@dataclass
class Job:
    """Something the clock does again and again, with the seconds between two times."""

    work: Callable[[], object]
    every: float
    due_at: float = 0.0


def beat() -> None:
    Heartbeat.objects.beat("worker")


def jobs() -> list[Job]:
    return [
        Job(beat, 5),
        Job(sweep_newsletter, 5),
        Job(sweep_blog, 5),
        Job(free_stuck_tasks, 60),
        Job(prune_results, 3600),
    ]


class Complaints:
    """Says once a minute that something is wrong, however often it is."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds
        self.quiet_until: dict[str, float] = {}

    def about(self, what: str, error: Exception) -> None:
        if isinstance(error, DatabaseError | InterfaceError):
            # It is the database's moment, not our mistake, and the same for all that is done.
            reason = str(error).strip().partition("\n")[0]
            self.say("database", "Work waits for the database: %s", reason)
        else:
            self.say(what, "%s failed.", what, exc_info=error)

    def say(self, about: str, line: str, *values: str, exc_info: Exception | None = None) -> None:
        now = time.monotonic()
        if now >= self.quiet_until.get(about, 0.0):
            self.quiet_until[about] = now + self.seconds
            level = logging.ERROR if exc_info else logging.WARNING
            logger.log(level, line, *values, exc_info=exc_info)


class Clock(threading.Thread):
    """Does each job when it is due. Whatever goes wrong with one, it stays alive."""

    def __init__(self, jobs: list[Job], complaints: Complaints) -> None:
        super().__init__(name="clock", daemon=True)
        self.jobs, self.complaints = jobs, complaints
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(self.pause()):
            for job in self.jobs:
                if job.due_at <= time.monotonic():
                    self.do(job)
            close_old_connections()

    def pause(self) -> float:
        return max(0.05, min(job.due_at for job in self.jobs) - time.monotonic())

    def do(self, job: Job) -> None:
        job.due_at = time.monotonic() + job.every
        try:
            job.work()
        except Exception as error:
            self.complaints.about(f"{job.work.__module__}.{job.work.__name__}", error)
            connections.close_all()


class SenderThread(threading.Thread):
    """Sends issues for as long as there are any, and looks for new ones twice a second."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__(name="sender", daemon=True)
        self.complaints = complaints
        self.stopped = threading.Event()

    def run(self) -> None:
        sender = Sender(self.stopped.is_set)
        pause = 0.0
        while not self.stopped.wait(pause):
            pause = LOOKS_EVERY
            try:
                pause = 0.0 if sender.work() else LOOKS_EVERY
                close_old_connections()
            except Exception as error:
                self.complaints.about("newsletter.sending", error)
                connections.close_all()


class TaskRunner(db_worker.Worker):
    """django-tasks-db's loop, made to survive a locked or lost database."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=1,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=f"{socket.gethostname()[:48]}-{os.getpid()}",
        )
        self.complaints = complaints

    def run(self) -> None:
        while self.running:
            try:
                super().run()
            except (DatabaseError, InterfaceError) as error:
                self.complaints.about("The task queue", error)
                connections.close_all()
                time.sleep(PAUSE_AFTER_TROUBLE)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End after the task in hand; at a second signal at once.

        The original raises SystemExit here, which can strike between claiming a task and running
        it, and which marks a running one as failed instead of leaving it to be done again.
        """
        if not self.running:
            os._exit(1)
        self.running = False


def work() -> None:
    """Run until SIGINT or SIGTERM."""
    complaints = Complaints()
    runner = TaskRunner(complaints)
    clock, sender = Clock(jobs(), complaints), SenderThread(complaints)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, runner.shutdown)
    clock.start()
    sender.start()
    runner.run()
    for thread in (clock, sender):
        thread.stopped.set()
    clock.join(timeout=5)
    # What is on its way gets its answer, or its doubt is written down: see engine.PATIENCE.
    sender.join(timeout=20)
