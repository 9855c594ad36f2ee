"""Signs of life of the processes that no page shows."""

from datetime import timedelta

from django.db import models
from django.utils import timezone


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def beat(self, name: str) -> None:
        self.update_or_create(name=name, defaults={"seen_at": timezone.now()})

    def alive(self, name: str, *, within: timedelta) -> bool:
        return self.filter(name=name, seen_at__gte=timezone.now() - within).exists()


class Heartbeat(models.Model):
    name = models.CharField(primary_key=True, max_length=40)
    seen_at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name}, seen {self.seen_at:%Y-%m-%d %H:%M:%S}"
