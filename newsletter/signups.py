"""Writing down that somebody asked for the newsletter.

Every address gets the same statements, whether it is new, subscribed or suppressed: what becomes
of the request is decided later by the worker (newsletter/notices.py), where nobody can watch.
"""

import hashlib
import hmac

from django.db import transaction

from newsletter.addresses import Address
from newsletter.models import Consent, ConsentEvidence, Notice, Secret, Subscriber, Terms
from newsletter.visitors import Visitor

# What stands on the page, and so what a consent was given to. A test compares them.
HEADING = "Sign up for our newsletter"
BOX = "I have read and agree to the terms & conditions"


@transaction.atomic
def sign_up(address: Address, terms: Terms, visitor: Visitor) -> Notice:
    """Store the request with its proof; returns the notice that the worker will answer."""
    subscriber = Subscriber.objects.enter(address, terms)
    consents = Consent.objects.bulk_create(
        [
            _consent(subscriber, Consent.Event.REQUESTED, HEADING, terms),
            _consent(subscriber, Consent.Event.TERMS_AGREED, BOX, terms),
        ]
    )
    ConsentEvidence.objects.bulk_create([_evidence(consent, visitor) for consent in consents])
    return Notice.objects.create(
        kind=Notice.Kind.SIGN_UP,
        subscriber=subscriber,
        consent=consents[0],
        network=network_hash(visitor),
    )


def network_hash(visitor: Visitor) -> str:
    """Enough to count by, and nothing that leads back to the network."""
    key = Secret.objects.key("network-hash")
    return hmac.new(key, visitor.network.encode(), hashlib.sha256).hexdigest()[:32]


def _consent(subscriber: Subscriber, event: Consent.Event, wording: str, terms: Terms) -> Consent:
    return Consent(
        subscriber=subscriber,
        event=event,
        wording=wording,
        terms_version=terms.version,
        terms_hash=terms.text_hash,
    )


def _evidence(consent: Consent, visitor: Visitor) -> ConsentEvidence:
    return ConsentEvidence(
        consent=consent, ip=visitor.ip, user_agent=visitor.user_agent, source=visitor.source
    )
