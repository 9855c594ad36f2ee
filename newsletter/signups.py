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

# Their SQL is written once.
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
    request = _Request(address, person, terms, visitor, topics, network)
    with transaction.atomic():
        return request.store() if _allow(person, network) else None


class _Request:
    """The rows of one sign-up.

    One at a time may write, and in a rush all others wait for her. So whatever does not need the
    database is done before it is her turn.
    """

    def __init__(
        self,
        address: Address,
        person: str,
        terms: Terms,
        visitor: Visitor,
        topics: Sequence[str],
        network: str,
    ) -> None:
        self.enter = Subscriber.objects.entry(address, person, terms)
        requested = _consent(Consent.Event.REQUESTED, gettext(HEADING), terms, topics)
        agreed = _consent(Consent.Event.TERMS_AGREED, gettext(BOX), terms, topics)
        self.consents = [requested, agreed]
        self.notice = Notice(kind=Notice.Kind.SIGN_UP, consent=requested, network=network)
        self.evidence = [_evidence(requested, visitor), _evidence(agreed, visitor)]
        self.add_consents = _add_consents.of(*self.consents)
        self.add_evidence = _add_evidence.of(*self.evidence)
        self.add_notice = _add_notice.of(self.notice)

    def store(self) -> Notice:
        self.notice.subscriber = subscriber = self.enter()
        for consent in self.consents:
            consent.subscriber = subscriber
        self.add_consents()
        for evidence, consent in zip(self.evidence, self.consents, strict=True):
            evidence.consent = consent
        self.add_evidence()
        self.notice.consent = self.consents[0]
        self.add_notice()
        return self.notice


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
    """Count under both keys."""
    most = {
        f"sign-ups for {person}": MOST_FOR_ONE_ADDRESS,
        f"sign-ups from {network}": MOST_WAITING * settings.CONFIRMATIONS_PER_NETWORK_HOUR,
    }
    return Limit.objects.allow_all(most, within=HOUR)


def network_hash(visitor: Visitor) -> str:
    """Enough to count by, and nothing that leads back to the network."""
    key = Secret.objects.key("network-hash")
    return hmac.new(key, visitor.network.encode(), hashlib.sha256).hexdigest()[:32]


def _consent(event: Consent.Event, wording: str, terms: Terms, topics: Sequence[str]) -> Consent:
    return Consent(
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
