from datetime import timedelta

import pytest
import time_machine
from django.test import TransactionTestCase

from blog.models import Limit
from tests.processes import at_once

HOUR = timedelta(hours=1)


@pytest.mark.django_db
def test_limit_lets_through_as_many_as_it_says():
    answers = [Limit.objects.allow("door", most=2, within=HOUR) for _ in range(4)]

    assert answers == [True, True, False, False]


@pytest.mark.django_db
def test_limits_of_different_keys_do_not_touch():
    Limit.objects.allow("front door", most=1, within=HOUR)

    assert Limit.objects.allow("back door", most=1, within=HOUR)


@pytest.mark.django_db
def test_several_limits_are_counted_by_one_statement_each_for_itself(django_assert_num_queries):
    most = {"front door": 3, "back door": 1}

    with django_assert_num_queries(2):
        answers = [Limit.objects.allow_all(most, within=HOUR) for _ in range(2)]

    assert answers == [True, False]
    assert dict(Limit.objects.values_list("key", "count")) == {"front door": 2, "back door": 2}


@pytest.mark.django_db
def test_limit_starts_again_when_its_window_is_over():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        Limit.objects.allow("door", most=1, within=HOUR)
        clock.shift(HOUR - timedelta(seconds=1))
        assert not Limit.objects.allow("door", most=1, within=HOUR)

        clock.shift(timedelta(seconds=1))

        assert Limit.objects.allow("door", most=1, within=HOUR)
        assert not Limit.objects.allow("door", most=1, within=HOUR)


class ParallelEvents(TransactionTestCase):
    def test_twenty_at_once_are_counted_exactly(self) -> None:
        answers: list[bool] = []

        faults = at_once(
            20, lambda _: answers.append(Limit.objects.allow("door", most=7, within=HOUR))
        )

        assert faults == []
        assert sorted(answers) == [False] * 13 + [True] * 7
