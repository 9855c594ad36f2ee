"""What a record of somebody else's list asks for, or why it cannot be had."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext

from blog.models import Category
from newsletter import addresses
from newsletter.addresses import Address
from newsletter.imports.table import Record
from newsletter.models import Subscriber

Status = Subscriber.Status

# How other programs call a status.
WORDS = {
    Status.ACTIVE: "active|subscribed|confirmed|enabled|yes|true|1|regular|member",
    Status.PENDING: "pending|unconfirmed|unactivated|unverified|not confirmed",
    Status.UNSUBSCRIBED: "unsubscribed|unsubscribe|opted out|opt out|inactive|disabled|blocklisted|"
    "removed|no|false|0",
    Status.BOUNCED: "bounced|bounce|hard bounce|hard bounced|cleaned|undeliverable",
    Status.COMPLAINED: "complained|complaint|spam|abuse",
}
STATUSES = {word: status for status, words in WORDS.items() for word in words.split("|")}
STOPPED = {Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED}
YES, NO = {"yes", "true", "1", "y", "on"}, {"no", "false", "0", "n", "off"}


class Refused(Exception):
    """This line is not imported. The text says why."""


@dataclass(slots=True)
class Wish:
    address: Address
    hash: str
    # Empty where the file does not say.
    status: str
    everything: bool
    topics: list[Category]
    created_at: datetime | None
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None

    @property
    def stops(self) -> bool:
        return self.status in STOPPED


class Reader:
    """Turns records into wishes. Knows the categories as they are when it is made."""

    def __init__(self, hasher: Callable[[str], str]) -> None:
        self.hasher = hasher
        self.now = timezone.now()
        self.topics: dict[str, Category | None] = {}
        for category in Category.objects.only("slug", "name"):
            self.topics[category.name.casefold()] = category
            self.topics[category.slug] = category

    def read(self, record: Record) -> Wish:
        """Raises Refused."""
        if record.fault:
            raise Refused(record.fault)
        cells = record.cells
        try:
            address = addresses.parse(cells.get("email", ""))
        except ValidationError:
            raise Refused(gettext("this is no address that mail could reach")) from None
        topics = self._topics(cells.get("topics", ""))
        return Wish(
            address=address,
            hash=self.hasher(address.key),
            status=_status(cells.get("status", ""), cells.get("suppressed_for", "")),
            everything=_everything(cells.get("receives_everything", ""), topics),
            topics=topics,
            created_at=self._time(cells.get("created_at", "")),
            confirmed_at=self._time(cells.get("confirmed_at", "")),
            unsubscribed_at=self._time(cells.get("unsubscribed_at", "")),
        )

    def _topics(self, cell: str) -> list[Category]:
        if not cell:
            return []
        names = [name.strip() for name in cell.replace(";", ",").replace("|", ",").split(",")]
        found = {topic.pk: topic for name in names if name for topic in [self._topic(name)]}
        return list(found.values())

    def _topic(self, name: str) -> Category:
        key = name.casefold()
        if key not in self.topics and len(self.topics) < 10_000:
            # A slug from before the category was renamed or merged.
            self.topics[key] = Category.objects.known_as([key]).first()
        if topic := self.topics.get(key):
            return topic
        # Whoever wanted only this would otherwise get everything.
        raise Refused(gettext("there is no category “%(name)s”") % {"name": name[:80]})

    def _time(self, cell: str) -> datetime | None:
        """None where it is none, or has not come yet."""
        if not cell:
            return None
        try:
            time = datetime.fromisoformat(cell.strip().removesuffix(" UTC"))
        except ValueError:
            return None
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        return time if time <= self.now and time.year > 1970 else None


def _status(cell: str, suppressed: str) -> str:
    if suppressed.strip().lower() in {"bounce", "complaint"}:
        return STATUSES[suppressed.strip().lower()]
    word = " ".join(cell.replace("_", " ").replace("-", " ").lower().split())
    if word and word not in STATUSES:
        raise Refused(gettext("the status “%(word)s” means nothing here") % {"word": word[:40]})
    return STATUSES.get(word, "")


def _everything(cell: str, topics: list[Category]) -> bool:
    word = cell.strip().lower()
    if word in YES:
        return True
    return not topics if word not in NO else False
