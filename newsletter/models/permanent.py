"""Rows that stay as they were written, whichever way somebody tries to change them."""

from typing import Any, NoReturn

from django.db import models


class PermanentError(TypeError):
    """Somebody tried to change what must stay provable."""


class AppendOnlyQuerySet(models.QuerySet):
    """Rows can be added and read; nothing else. What gets by, newsletter.locks refuses."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise PermanentError(f"{self.model._meta.verbose_name_plural} are never changed.")

    def delete(self) -> NoReturn:
        raise PermanentError(f"{self.model._meta.verbose_name_plural} are never deleted.")

    # Django marks these so that templates cannot call them.
    delete.alters_data = True  # type: ignore[attr-defined]
    update.alters_data = True  # type: ignore[attr-defined]


class AppendOnly(models.Model):
    """A row that is written once. Use with AppendOnlyQuerySet as manager and base manager."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise PermanentError(f"{self._meta.verbose_name_plural} are never changed.")
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise PermanentError(f"{self._meta.verbose_name_plural} are never deleted.")
