"""What a subscriber does with a link of her own, and where the press of its button came from."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from blog.models import Category, Limit
from newsletter.addresses import Address
from newsletter.models import AddressChange, Consent, Notice, Subscriber
from newsletter.signups import network_hash, witness
from newsletter.visitors import Visitor

MOVES_AN_HOUR = 5


@transaction.atomic
def unsubscribe(subscriber: Subscriber, visitor: Visitor) -> None:
    if subscriber.unsubscribe():
        witness(subscriber, Consent.Event.UNSUBSCRIBED, visitor)


@transaction.atomic
def choose(
    subscriber: Subscriber, visitor: Visitor, *, everything: bool, topics: list[Category]
) -> bool:
    """Receive everything, or only the given categories; False where she gets nothing."""
    if not subscriber.choose(everything=everything, topics=topics):
        return False
    witness(subscriber, Consent.Event.TOPICS_CHANGED, visitor)
    return True


@transaction.atomic
def move(change: AddressChange, visitor: Visitor) -> bool:
    """Take the subscription to the new address; False where that cannot be (any more)."""
    if not change.carry_out():
        return False
    witness(change.subscriber, Consent.Event.ADDRESS_CHANGED, visitor)
    return True


@transaction.atomic
def ask_for_data_link(subscriber: Subscriber, visitor: Visitor) -> None:
    """Have the link mailed to the address on record. One that is on its way is enough."""
    kind = Notice.Kind.DATA_LINK
    if not subscriber.notices.filter(kind=kind, status=Notice.Status.WAITING).exists():
        Notice.objects.create(kind=kind, subscriber=subscriber, network=network_hash(visitor))


@transaction.atomic
def ask_to_move(subscriber: Subscriber, address: Address, visitor: Visitor) -> bool:
    """Have the new address asked; False where she wished too often. Nothing moves yet."""
    hour = timedelta(hours=1)
    if not Limit.objects.allow(f"moves of {subscriber.pk}", most=MOVES_AN_HOUR, within=hour):
        return False
    change = AddressChange.objects.create(
        subscriber=subscriber,
        old_email=subscriber.email,
        new_email=address.email,
        new_key=address.key,
    )
    Notice.objects.create(
        kind=Notice.Kind.NEW_ADDRESS,
        subscriber=subscriber,
        address_change=change,
        network=network_hash(visitor),
    )
    return True


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """All that is stored about a person, for her to keep (GDPR articles 15 and 20).

    Only the secret in her links is left out: whoever found the file could use it.
    """
    consents = subscriber.consents.select_related("evidence").order_by("at", "pk")
    return {
        "address": subscriber.email,
        "status": subscriber.status,
        "agreed_to_terms": subscriber.agreed_to_terms,
        "terms_version": subscriber.terms.version if subscriber.terms else None,
        "receives_everything": subscriber.receives_everything,
        "topics": [category.name for category in subscriber.topics.all()],
        "mail_stopped_for": subscriber.suppressed_for or None,
        "address_hash": subscriber.address_hash,
        "came_with_an_import": subscriber.imported_in_id is not None,
        "first_asked_at": subscriber.created_at,
        "confirmed_at": subscriber.confirmed_at,
        "unsubscribed_at": subscriber.unsubscribed_at,
        "log": [_event(consent) for consent in consents],
        "mails_about_the_subscription": [_mail(notice) for notice in _notices(subscriber)],
        "issues": list(
            subscriber.deliveries.order_by("pk").values(
                "status", "settled_at", "reply", subject=F("issue__subject")
            )
        ),
        "bounces_and_complaints": list(
            subscriber.feedback.order_by("pk").values("kind", "at", "detail")
        ),
        "changes_of_address": list(
            subscriber.address_changes.order_by("pk").values(
                "old_email", "new_email", "created_at", "done_at"
            )
        ),
    }


def _event(consent: Consent) -> dict[str, Any]:
    evidence = getattr(consent, "evidence", None)
    return {
        "event": consent.event,
        "title": consent.get_event_display(),
        "at": consent.at,
        "terms_version": consent.terms_version or None,
        "terms_sha256": consent.terms_hash or None,
        "wording": consent.wording or None,
        "receives_everything": consent.receives_everything,
        "topics": consent.topics,
        "ip_address": evidence.ip if evidence else None,
        "browser": evidence.user_agent if evidence else None,
        "page": evidence.source if evidence else None,
    }


def _notices(subscriber: Subscriber) -> list[Notice]:
    return list(subscriber.notices.order_by("pk"))


def _mail(notice: Notice) -> dict[str, Any]:
    return {
        "kind": notice.became or notice.kind,
        "status": notice.status,
        "asked_for_at": notice.created_at,
        "settled_at": notice.settled_at,
        "network_hash": notice.network or None,
        "reply": notice.reply or None,
    }
