"""How far the sending of issues has come; newsletter/sending/memory.py says what for."""

import secrets
from dataclasses import dataclass

from django.db import connection, models

from blog.models.one_row import OneRow


@dataclass(frozen=True, slots=True)
class Reading:
    """Of which odometer, and how far it was. Those of two odometers cannot be compared."""

    number: str
    far: int


class OdometerQuerySet(models.QuerySet["Odometer"]):
    def advance(self) -> Reading:
        """Go one further. Nobody else can until the transaction ends."""
        table = connection.ops.quote_name(Odometer._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (id, number, far) VALUES (1, %s, 1)"  # noqa: S608
                f" ON CONFLICT (id) DO UPDATE SET far = {table}.far + 1 RETURNING number, far",
                [secrets.token_hex(8)],
            )
            return Reading(*cursor.fetchone())

    def read(self) -> Reading | None:
        """None where nothing was ever sent."""
        found = self.values_list("number", "far").first()
        return Reading(*found) if found else None

    def put_forward(self, to: Reading) -> None:
        """Never back: several hosts may remember different readings."""
        self.get_or_create(id=1, defaults={"number": to.number, "far": to.far})
        self.filter(number=to.number, far__lt=to.far).update(far=to.far)


class Odometer(OneRow):
    """One row. It goes forward with each claim of mails, and whenever somebody acts on an issue."""

    # Made with the row, so that another database in the same place is told from an older one.
    number = models.CharField(max_length=16)
    far = models.PositiveBigIntegerField(default=0)

    objects = OdometerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.number}: {self.far}"
