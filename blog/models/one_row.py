"""Settings that an editor, not an operator, decides: one row, edited in the admin."""

from typing import Any, Self

from django.db import models


class OneRow(models.Model):
    id = models.PositiveSmallIntegerField(primary_key=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="%(class)s_is_one_row")
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> Self:
        """The row, or one with the defaults where none was saved yet."""
        return cls._default_manager.first() or cls()
