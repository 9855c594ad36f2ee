"""A hundred made-up subscribers with the history that each of them would have left behind.

The addresses lie in domains that can belong to nobody (RFC 2606), the networks likewise
(RFC 5737), and the names are of things.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone
from django.utils.translation import gettext

from blog.models import Category
from config.demo.drawing import chance
from newsletter import addresses
from newsletter.models import Consent, ConsentEvidence, Subscriber, Terms
from newsletter.models.subscriber import hash_address
from newsletter.signups import BOX, HEADING

Event = Consent.Event

# Terms were published so many days ago, and the first reader came a little after the first.
TERMS_AGES = {"1": 250, "2": 95}
FIRST_READER = 240

ENDS = {"active": 68, "pending": 9, "unsubscribed": 13, "bounced": 4, "complained": 2, "erased": 4}
LAST_EVENT = {
    "unsubscribed": Event.UNSUBSCRIBED,
    "bounced": Event.BOUNCED,
    "complained": Event.COMPLAINED,
    "erased": Event.ERASED,
}
SUPPRESSED = {"bounced": "bounce", "complained": "complaint"}

KINDS = ("amber", "brisk", "copper", "dusty", "early", "faded", "gentle", "hollow", "inky", "jolly")
THINGS = (
    "anchor",
    "button",
    "candle",
    "dial",
    "ember",
    "fern",
    "gate",
    "harbour",
    "inkwell",
    "jug",
)
DOMAINS = ("example.com", "example.org", "example.net")
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/145.0.0.0 Safari/537.36",
)
PAGES = ("/", "/newsletter/", "/posts/sourdough-by-the-numbers/", "/posts/tables-of-the-tide/")


@dataclass
class Reader:
    """One subscriber, with the categories she chose (none: she receives everything)."""

    row: Subscriber
    terms: Terms
    topics: list[Category]
    events: list[tuple[Event, datetime]] = field(default_factory=list)

    @property
    def is_erased(self) -> bool:
        return self.row.status == Subscriber.Status.ERASED


def readers(versions: list[Terms], categories: list[Category]) -> list[Reader]:
    """All of them, not yet stored, the newest last. `versions` begins with the oldest terms."""
    random = chance(2026)
    names = [f"{kind}.{thing}" for kind in KINDS for thing in THINGS]
    random.shuffle(names)
    ends = [end for end, count in ENDS.items() for _ in range(count)]
    made = [
        reader(name, end, random, versions, categories)
        for name, end in zip(names, ends, strict=True)
    ]
    return sorted(made, key=lambda each: each.row.created_at)


def reader(
    name: str, end: str, random: Random, versions: list[Terms], categories: list[Category]
) -> Reader:
    address = addresses.parse(f"{name}@{random.choice(DOMAINS)}")
    came = came_at(end, random)
    agreed = [version for version in versions if (version.published_at or came) <= came]
    terms = agreed[-1] if agreed else versions[0]
    topics = random.sample(categories, random.randint(1, 3)) if random.random() < 0.3 else []
    row = Subscriber(
        email=address.email,
        key=address.key,
        address_hash=hash_address(address.key),
        status=end,
        agreed_to_terms=True,
        terms=terms,
        receives_everything=not topics,
        suppressed_for=SUPPRESSED.get(end, ""),
        created_at=came,
    )
    made = Reader(row, terms, topics, history(end, came, random, chose=bool(topics)))
    date_row(made)
    return made


def came_at(end: str, random: Random) -> datetime:
    """When she signed up: ever more as time goes by, and not yet forgotten if unconfirmed."""
    if end == "pending":
        ago = random.uniform(0.05, 20)
    elif end in LAST_EVENT:
        ago = random.uniform(30, FIRST_READER)
    else:
        ago = FIRST_READER * (1 - random.random() ** 0.6)
    return timezone.now() - timedelta(days=max(ago, 0.05))


def history(
    end: str, came: datetime, random: Random, *, chose: bool
) -> list[tuple[Event, datetime]]:
    events = [(Event.REQUESTED, came), (Event.TERMS_AGREED, came)]
    if end == "pending":
        return events
    left = timezone.now() - came
    confirmed = came + min(left / 3, timedelta(minutes=random.uniform(2, 600)))
    events.append((Event.CONFIRMED, confirmed))
    if chose:
        events.append((Event.TOPICS_CHANGED, confirmed + left * random.uniform(0.05, 0.2)))
    if end in LAST_EVENT:
        events.append((LAST_EVENT[end], came + left * random.uniform(0.3, 0.95)))
    return events


def date_row(made: Reader) -> None:
    """Set on the row what follows from its events, as the methods of Subscriber would have."""
    times = dict(made.events)
    row = made.row
    if made.is_erased:
        row.email, row.key, row.agreed_to_terms, row.terms = "", None, False, None
        return
    row.confirmed_at = times.get(Event.CONFIRMED)
    row.unsubscribed_at = times.get(Event.UNSUBSCRIBED)


def consents(made: Reader) -> list[Consent]:
    wordings = {Event.REQUESTED: gettext(HEADING), Event.TERMS_AGREED: gettext(BOX)}
    chosen = False
    rows = []
    for event, at in made.events:
        chosen = chosen or event == Event.TOPICS_CHANGED
        topics = sorted(topic.slug for topic in made.topics) if chosen else []
        rows.append(
            Consent(
                subscriber=made.row,
                event=event,
                at=at,
                terms_version=made.terms.version,
                terms_hash=made.terms.text_hash,
                wording=wordings.get(event, ""),
                receives_everything=not topics,
                topics=topics,
            )
        )
    return rows


def evidence(consent: Consent, random: Random) -> ConsentEvidence:
    return ConsentEvidence(
        consent=consent,
        ip=f"{random.choice(NETWORKS)}.{random.randint(1, 254)}",
        user_agent=random.choice(BROWSERS),
        source=random.choice(PAGES),
        created_at=consent.at,
    )


def store(made: list[Reader]) -> list[Subscriber]:
    rows = Subscriber.objects.bulk_create(each.row for each in made)
    for each in made:
        if each.topics and not each.is_erased:
            each.row.topics.set(each.topics)
    stored = Consent.objects.bulk_create(row for each in made for row in consents(each))
    random = chance(7)
    asked = {Event.REQUESTED, Event.TERMS_AGREED}
    ConsentEvidence.objects.bulk_create(
        evidence(consent, random)
        for consent in stored
        if consent.event in asked and consent.subscriber.status != Subscriber.Status.ERASED
    )
    return list(rows)
