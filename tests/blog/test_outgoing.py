"""Outgoing mail is a row: who holds it, and who may say what became of it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from blog.models import AccountMail

pytestmark = pytest.mark.django_db


def test_row_is_claimed_by_one_worker_only():
    row = AccountMail.objects.create(kind="invitation")
    same = AccountMail.objects.get()

    claims = [AccountMail.objects.claim(row), AccountMail.objects.claim(same)]

    assert claims == [True, False]
    assert not AccountMail.objects.due().exists()


def test_row_of_a_dead_worker_is_due_again_under_the_same_message_id():
    row = AccountMail.objects.create(kind="invitation")
    message_id = row.message_id
    with time_machine.travel(timezone.now(), tick=False) as clock:
        AccountMail.objects.claim(row)
        clock.shift(timedelta(minutes=5))

        again = AccountMail.objects.due().get()

        assert AccountMail.objects.claim(again)
        assert (again.attempts, again.message_id) == (2, message_id)


def test_worker_that_came_back_too_late_changes_nothing():
    row = AccountMail.objects.create(kind="invitation")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        AccountMail.objects.claim(row)
        clock.shift(timedelta(minutes=5))
        AccountMail.objects.claim(AccountMail.objects.get())

        written = row.settle(AccountMail.Status.FAILED, "too late")

    assert not written
    assert AccountMail.objects.get().status == "waiting"


def test_settled_row_is_never_due_again():
    row = AccountMail.objects.create(kind="invitation")
    AccountMail.objects.claim(row)

    row.settle(AccountMail.Status.SENT, "250 OK")

    with time_machine.travel(timezone.now() + timedelta(days=9)):
        assert not AccountMail.objects.due().exists()
    assert AccountMail.objects.get().reply == "250 OK"


def test_postponed_row_waits_for_its_time():
    row = AccountMail.objects.create(kind="invitation")
    AccountMail.objects.claim(row)

    row.postpone(timezone.now() + timedelta(hours=1), "450 later")

    assert not AccountMail.objects.due().exists()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert AccountMail.objects.due().count() == 1
