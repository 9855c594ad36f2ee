"""Taking an import back.

What a batch added, and nobody has touched since, is unsubscribed with a reason in the log. Not
erased: nobody asked to be forgotten, and an erased address could never be imported again. Not
deleted: the consent log is only ever added to, and says truly that they were here from then until
now. An address that only an undone import unsubscribed, and that was sent no issue, may come in
again with another file; that is how a wrong file or a wrong source is put right.

Whoever confirmed, chose topics, signed up or left in the meantime stays as she is. So do those whom
the file stopped: an import only ever gives mail back by asking.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from newsletter.models import Consent, ImportBatch, Subscriber
from newsletter.models.subscriber import SubscriberQuerySet

CHUNK = 1000
ITS_OWN = [Consent.Event.IMPORTED, Consent.Event.INVITED]
WORDING = gettext_noop("The import that brought them in was undone")


def untouched(batch: ImportBatch) -> SubscriberQuerySet:
    own_doing = Consent.objects.filter(subscriber=OuterRef("pk"), at__gte=batch.started_at)
    on_the_list = [Subscriber.Status.ACTIVE, Subscriber.Status.PENDING]
    rows = Subscriber.objects.filter(imported_in=batch, status__in=on_the_list)
    return rows.exclude(Exists(own_doing.exclude(event__in=ITS_OWN)))


def begin(batch: ImportBatch) -> None:
    ImportBatch.objects.filter(pk=batch.pk, undone_at__isnull=True).update(undone_at=timezone.now())


def undo(batch: ImportBatch) -> int:
    """Unsubscribe what is untouched, a chunk a transaction; returns how many.

    Begun again after a crash it goes on: the first time is kept, and is how such a row is known.
    """
    begin(batch)
    batch.refresh_from_db()
    total = 0
    while done := _undo(batch):
        total += done
    return total


@transaction.atomic
def _undo(batch: ImportBatch) -> int:
    rows = untouched(batch).select_for_update(of=("self",)).select_related("terms")
    chunk = list(rows.order_by("pk")[:CHUNK])
    Subscriber.objects.filter(pk__in=[row.pk for row in chunk]).update(
        status=Subscriber.Status.UNSUBSCRIBED, unsubscribed_at=batch.undone_at
    )
    Consent.objects.bulk_create(
        [
            Consent(
                subscriber=row,
                event=Consent.Event.UNSUBSCRIBED,
                wording=gettext(WORDING),
                terms_version=row.terms.version if row.terms else "",
                terms_hash=row.terms.text_hash if row.terms else "",
                receives_everything=row.receives_everything,
            )
            for row in chunk
        ]
    )
    return len(chunk)
