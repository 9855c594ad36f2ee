"""Many readers at once: a factory would take as long for them as the sending does."""

from django.utils import timezone

from newsletter.models import Subscriber, Terms


def add_readers(count: int) -> None:
    """reader0@example.com and so on, active; later calls go on counting."""
    first = Subscriber.objects.count()
    terms = Terms.objects.current()
    now = timezone.now()
    Subscriber.objects.bulk_create(
        (
            Subscriber(
                email=address(number),
                key=address(number),
                address_hash=f"{number:064x}",
                status=Subscriber.Status.ACTIVE,
                agreed_to_terms=True,
                terms=terms,
                confirmed_at=now,
            )
            for number in range(first, first + count)
        ),
        batch_size=1000,
    )


def address(number: int) -> str:
    return f"reader{number}@example.com"
