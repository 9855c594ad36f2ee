"""What running the site itself has to remember."""

from collections.abc import Sequence

from django.db import models


class DemoRowQuerySet(models.QuerySet["DemoRow"]):
    def remember(self, rows: Sequence[models.Model]) -> None:
        self.bulk_create([self.model(model=row._meta.label_lower, key=row.pk) for row in rows])

    def of(self, model: type[models.Model]) -> models.QuerySet:
        """Those rows of `model` that the demo added and that are still there."""
        keys = self.filter(model=model._meta.label_lower).values("key")
        return model._default_manager.filter(pk__in=keys)


class DemoRow(models.Model):
    """A row that the demo added, so that it can be taken away again, and nothing else with it."""

    model = models.CharField(max_length=60)
    key = models.BigIntegerField()

    objects = DemoRowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "key"], name="demo_row_once")]

    def __str__(self) -> str:
        return f"{self.model} {self.key}"
