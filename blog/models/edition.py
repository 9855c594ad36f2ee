"""Which edition of the site is the current one. docs/pages.md tells how it is used."""

import uuid

from django.db import models, transaction

# More rows than this are folded into one.
MOST_ROWS = 200


class EditionQuerySet(models.QuerySet["Edition"]):
    def begin(self) -> None:
        """What was made before is old, whatever the reason. On a database of either kind."""
        self.create(token=uuid.uuid4().hex)

    def fold(self) -> None:
        """Put one row in the place of many.

        Its token is a new one, so that the rows that stay never read as they did before.
        """
        if self.count() <= MOST_ROWS:
            return
        with transaction.atomic():
            self.filter(pk__in=list(self.values_list("pk", flat=True))).delete()
            self.begin()


class Edition(models.Model):
    """Written by the triggers of blog/editions.py.

    On SQLite there is one row; on PostgreSQL one a transaction, which the last two fields tell
    apart: a server counts its transactions up for as long as it runs, and a restored database may
    be given the same number again.
    """

    token = models.CharField(max_length=36)
    transaction = models.BigIntegerField(null=True)
    server_started_at = models.DateTimeField(null=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "server_started_at"], name="edition_once_a_transaction"
            )
        ]

    def __str__(self) -> str:
        return self.token
