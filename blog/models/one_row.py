"""Settings that an editor, not an operator, decides: one row, edited in the admin."""

from typing import Any, Self

from django.db import models

from blog.prepared import Prepared


@Prepared
def _rows(model: "type[OneRow]") -> "models.QuerySet[Any]":
    """The one there is or none; pages and mails ask for it all the time."""
    return model.with_all_it_needs()


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
        found: list[Any] = _rows(cls)
        return found[0] if found else cls()

    @classmethod
    def with_all_it_needs(cls) -> "models.QuerySet[Any]":
        """The row as `current()` reads it."""
        return cls._default_manager.all()
