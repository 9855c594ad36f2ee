"""Writing down that somebody asked for the newsletter, and that she confirmed it.

Every address gets the same statements, whether it is new, subscribed or suppressed: what becomes
of the request is decided later by the worker (newsletter/notices.py), where nobody can watch.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from blog.models import Limit
from blog.prepared import Insert
from newsletter.addresses import Address
from newsletter.models import (
    Consent,
    ConsentEvidence,
    NewsletterSettings,
    Notice,
    Secret,
    Subscriber,
    Terms,
)
from newsletter.models.subscriber import hash_address
from newsletter.visitors import Visitor

HOUR = timedelta(hours=1)
# Far more than anybody needs who lost a mail; what is over leaves no row behind.
MOST_FOR_ONE_ADDRESS = 20
# For each confirmation that a network may cause in an hour, so many may wait for their turn.
MOST_WAITING = 10

CHUNK = 500

# In a rush everybody waits for whoever writes, so that no time is spent on writing SQL.
_add_consents, _add_evidence = Insert(Consent), Insert(ConsentEvidence)
_add_notice = Insert(Notice)

# What stands on the page, and so what a consent was given to. A test compares them.
HEADING = gettext_noop("Sign up for our newsletter")
BOX = gettext_noop("I have read and agree to the terms & conditions")


def sign_up(
    address: Address, terms: Terms, visitor: Visitor, topics: Sequence[str] = ()
) -> Notice | None:
    """Store the request with its proof; returns the notice that the worker will answer.

    `topics` are slugs of categories; none of them means everything. None, and nothing stored,
    where address or network asked too often.
    """
    # Before the transaction, so that no key is kept in memory whose row was rolled back.
    person, network = hash_address(address.key), network_hash(visitor)
    with transaction.atomic():
        return _store(address, terms, visitor, topics, network) if _allow(person, network) else None


def _store(
    address: Address, terms: Terms, visitor: Visitor, topics: Sequence[str], network: str
) -> Notice:
    subscriber = Subscriber.objects.enter(address, terms)
    requested = _consent(subscriber, Consent.Event.REQUESTED, gettext(HEADING), terms, topics)
    agreed = _consent(subscriber, Consent.Event.TERMS_AGREED, gettext(BOX), terms, topics)
    _add_consents(requested, agreed)
    _add_evidence(_evidence(requested, visitor), _evidence(agreed, visitor))
    notice = Notice(
        kind=Notice.Kind.SIGN_UP, subscriber=subscriber, consent=requested, network=network
    )
    _add_notice(notice)
    return notice


@transaction.atomic
def confirm(subscriber: Subscriber, request: Consent, visitor: Visitor) -> bool:
    """Follow a sign-up; False where that was done before. Whoever is new is welcomed, once."""
    if not subscriber.confirm(request):
        return False
    witness(subscriber, Consent.Event.CONFIRMED, visitor)
    if NewsletterSettings.current().welcomes:
        Notice.objects.create(kind=Notice.Kind.WELCOME, subscriber=subscriber, consent=request)
    return True


def witness(subscriber: Subscriber, event: Consent.Event, visitor: Visitor) -> None:
    """Keep where the press came from that made her newest event of this kind."""
    _evidence(subscriber.consents.filter(event=event).latest("pk"), visitor).save()


def remind() -> int:
    """Have those reminded who were asked to confirm some days ago and did not; returns how many.

    Two workers may do so at the same moment: of one sign-up there is one reminder, which a
    constraint sees to.
    """
    wishes, total = NewsletterSettings.current(), 0
    if not wishes.reminds:
        return 0
    while asked := Notice.objects.unanswered(days=wishes.reminder_days).order_by("pk")[:CHUNK]:
        # Of several requests the newest; its network counts, as it did for the request itself.
        newest = {request.subscriber_id: request for request in asked}
        Notice.objects.bulk_create(
            [
                Notice(
                    kind=Notice.Kind.REMINDER,
                    subscriber_id=request.subscriber_id,
                    consent_id=request.consent_id,
                    network=request.network,
                )
                for request in newest.values()
            ],
            ignore_conflicts=True,
        )
        total += len(newest)
    return total


def _allow(person: str, network: str) -> bool:
    """Count under both keys, whatever the first of them says."""
    allow, from_there = Limit.objects.allow, MOST_WAITING * settings.CONFIRMATIONS_PER_NETWORK_HOUR
    return all(
        [
            allow(f"sign-ups for {person}", most=MOST_FOR_ONE_ADDRESS, within=HOUR),
            allow(f"sign-ups from {network}", most=from_there, within=HOUR),
        ]
    )


def network_hash(visitor: Visitor) -> str:
    """Enough to count by, and nothing that leads back to the network."""
    key = Secret.objects.key("network-hash")
    return hmac.new(key, visitor.network.encode(), hashlib.sha256).hexdigest()[:32]


def _consent(
    subscriber: Subscriber,
    event: Consent.Event,
    wording: str,
    terms: Terms,
    topics: Sequence[str],
) -> Consent:
    return Consent(
        subscriber=subscriber,
        event=event,
        wording=wording,
        terms_version=terms.version,
        terms_hash=terms.text_hash,
        receives_everything=not topics,
        topics=list(topics),
    )


def _evidence(consent: Consent, visitor: Visitor) -> ConsentEvidence:
    return ConsentEvidence(
        consent=consent, ip=visitor.ip, user_agent=visitor.user_agent, source=visitor.source
    )
