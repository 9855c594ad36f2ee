"""The database's own clock, in columns that Python compares with times of its own."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from newsletter.clock import Now
from newsletter.models import Delivery
from tests.factories import DeliveryFactory
from tests.faults.marks import on_sqlite

pytestmark = pytest.mark.django_db


def test_time_of_the_database_is_found_again_by_what_was_read():
    DeliveryFactory()
    Delivery.objects.update(due_at=Now())

    read = Delivery.objects.get().due_at

    assert Delivery.objects.filter(due_at=read, due_at__gte=read, due_at__lte=read).exists()


@on_sqlite
@pytest.mark.parametrize(
    "time", ["2026-01-01 10:00:00", "2026-01-01 10:00:00.500000", "2026-01-01 10:00:07.012000"]
)
def test_sqlite_spells_its_time_like_a_parameter(time):
    sql, _ = Delivery.objects.all().query.get_compiler(connection=connection).compile(Now())
    moment = datetime.fromisoformat(time).replace(tzinfo=UTC)

    with connection.cursor() as cursor:
        cursor.execute("SELECT " + sql.replace("'NOW'", f"'{time}'"), [])
        spelt = cursor.fetchone()[0]

    assert spelt == connection.ops.adapt_datetimefield_value(moment)
