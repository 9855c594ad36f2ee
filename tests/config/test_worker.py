"""The background worker does its work whatever happens to the database."""

import logging
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from blog.models import Heartbeat
from config.queue import free_stuck_tasks, prune_results
from config.worker import Clock, Complaints, Job, TaskRunner, beat
from tests.system import manage, running, until
from tests.tasks import write


def enqueue(path, **environment):
    code = f"from tests.tasks import write; write.enqueue({str(path)!r})"
    assert manage("shell", "--no-imports", "-c", code, **environment) == (0, "")


@pytest.mark.processes
def test_worker_runs_tasks_after_a_long_lock_and_ends_when_asked(prepared, tmp_path):
    # The URL's timeout makes the lock long for the worker, not for the test.
    database = f"{prepared['VAR_DIR']}/pennypost.sqlite3"
    impatient = prepared | {"DATABASE_URL": f"sqlite:///{database}?timeout=0.1"}
    enqueue(tmp_path / "written", **prepared)

    with (
        closing(sqlite3.connect(database, isolation_level=None)) as other,
        running("manage.py", "worker", **impatient) as worker,
    ):
        other.execute("BEGIN IMMEDIATE")
        complaint = worker.stdout.readline()
        other.execute("ROLLBACK")
        until((tmp_path / "written").exists)
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(timeout=30)

    assert complaint.endswith("Work waits for the database: database is locked\n")
    assert code == 0


def test_clock_goes_on_after_any_failure_and_complains_once(caplog):
    done = []

    def locked() -> None:
        raise OperationalError("database is locked\nLINE 1")

    def mistaken() -> None:
        raise ValueError("a mistake of ours")

    clock = Clock([Job(locked, 0), Job(mistaken, 0), Job(lambda: done.append(1), 0)], Complaints())
    with caplog.at_level(logging.WARNING, "pennypost"):
        clock.start()
        until(lambda: len(done) > 2)
        clock.stopped.set()
        clock.join()

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Work waits for the database: database is locked"),
        ("ERROR", "tests.config.test_worker.mistaken failed."),
    ]


def test_task_runner_survives_a_lost_database(monkeypatch, caplog):
    runner = TaskRunner(Complaints())
    answers = iter([OperationalError("server closed the connection"), None])

    def lose_then_stop(self: TaskRunner) -> None:
        if error := next(answers):
            raise error
        self.running = False

    monkeypatch.setattr("config.worker.PAUSE_AFTER_TROUBLE", 0)
    monkeypatch.setattr("config.worker.db_worker.Worker.run", lose_then_stop)
    with caplog.at_level(logging.WARNING, "pennypost"):
        runner.run()

    assert caplog.messages == ["Work waits for the database: server closed the connection"]


@pytest.mark.django_db
class TestQueue:
    def stuck_task(self, attempts: int, minutes: int) -> DBTaskResult:
        """A task that a worker took, and never finished."""
        task = DBTaskResult.objects.get(pk=write.enqueue("nowhere").id)
        task.status = "RUNNING"
        task.worker_ids = [f"worker-{number}" for number in range(attempts)]
        task.started_at = timezone.now() - timedelta(minutes=minutes)
        task.save()
        return task

    def test_task_of_a_dead_worker_is_done_again(self):
        stuck = self.stuck_task(attempts=1, minutes=11)
        at_work = self.stuck_task(attempts=1, minutes=9)

        free_stuck_tasks()

        for task in (stuck, at_work):
            task.refresh_from_db()
        assert (stuck.status, at_work.status) == ("READY", "RUNNING")
        assert list(DBTaskResult.objects.ready()) == [stuck]

    def test_task_that_keeps_killing_its_worker_is_given_up(self):
        stuck = self.stuck_task(attempts=3, minutes=11)

        free_stuck_tasks()

        stuck.refresh_from_db()
        assert stuck.status == "FAILED"

    def test_old_results_are_forgotten(self):
        old, fresh = (DBTaskResult.objects.get(pk=write.enqueue("nowhere").id) for _ in range(2))
        for task, days in ((old, 4), (fresh, 2)):
            task.status, task.finished_at = "SUCCESSFUL", timezone.now() - timedelta(days=days)
            task.save()
        waiting = DBTaskResult.objects.get(pk=write.enqueue("nowhere").id)

        forgotten = prune_results()

        assert forgotten == 1
        assert {*DBTaskResult.objects.all()} == {fresh, waiting}


@pytest.mark.django_db
def test_worker_gives_a_sign_of_life():
    beat()

    assert Heartbeat.objects.alive("worker", within=timedelta(seconds=10))
