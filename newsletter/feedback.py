"""Acting on what comes back: a bounce for good or a complaint stops all mail to an address."""

from django.conf import settings
from django.db import transaction

from blog.outbox import scrub
from newsletter.models import Delivery, Feedback, Subscriber

Kind = Feedback.Kind


@transaction.atomic
def note(
    kind: Feedback.Kind,
    subscriber: Subscriber,
    *,
    delivery: Delivery | None,
    key: str,
    detail: str = "",
) -> bool:
    """Write an event down and do what follows from it; False where it was told before."""
    # Another process may be told the same at this moment: only one of the two adds the row.
    _, is_new = Feedback.objects.get_or_create(
        key=key[:80],
        defaults={
            "kind": kind,
            "subscriber": subscriber,
            "delivery": delivery,
            "detail": scrub(detail)[:300],
        },
    )
    if not is_new:
        return False
    if kind == Kind.COMPLAINT:
        subscriber.suppress(Subscriber.Suppression.COMPLAINT)
    elif _is_about_another_address(subscriber, delivery):
        return True
    elif kind == Kind.HARD or (kind == Kind.SOFT and has_bounced_often(subscriber)):
        subscriber.suppress(Subscriber.Suppression.BOUNCE)
    return True


def _is_about_another_address(subscriber: Subscriber, delivery: Delivery | None) -> bool:
    """Whether that mail still went to an address which she has left since."""
    if delivery is None or delivery.settled_at is None:
        return False
    return subscriber.address_changes.filter(done_at__gt=delivery.settled_at).exists()


def has_bounced_often(subscriber: Subscriber) -> bool:
    """Whether each of her last SOFT_BOUNCES issues came back: a full mailbox nobody reads."""
    most = settings.SOFT_BOUNCES
    latest = list(subscriber.deliveries.order_by("-pk").values_list("pk", flat=True)[:most])
    bounced = Feedback.objects.soft().filter(delivery__in=latest)
    return len(latest) == most == bounced.order_by().values("delivery").distinct().count()
