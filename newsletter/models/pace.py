"""How fast mail may leave: exact over all workers and across restarts.

The generic cell rate algorithm (ITU-T I.371, annex A): one row holds the time at which a steady
stream of mails at the allowed rate would have room for the next one. A mail may go while that
time is no further ahead than the burst.
"""

from django.db import models


class Pace(models.Model):
    """`free_at` is in seconds since 1970, on the database's clock."""

    rate = models.CharField(primary_key=True, max_length=40)
    free_at = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.rate
