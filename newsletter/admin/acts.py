"""What a newsletter manager may do to a subscriber, each behind a page that says what happens."""

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.models import Subscriber

Status = Subscriber.Status


@dataclass(frozen=True)
class Act:
    name: str
    permission: str
    title: str
    # What the page before the button says, in whole sentences.
    says: str
    button: str
    done: str
    # Gets the reason too, where it needs one.
    do: Callable[..., object]
    # Whether there is anything to do.
    fits: Callable[[Subscriber], bool]
    needs_reason: bool = False

    @property
    def url_name(self) -> str:
        return f"newsletter_subscriber_{self.name}"


ACTS = [
    Act(
        name="unsubscribe",
        permission="newsletter.change_subscriber",
        title="Unsubscribe",
        says="They asked to leave by letter, by telephone or in an answer to a mail. No issue goes "
        "to them any more. Only they themselves can come back, by signing up and confirming.",
        button="Unsubscribe them",
        done="They are unsubscribed.",
        do=Subscriber.unsubscribe,
        fits=lambda subscriber: subscriber.status in {Status.ACTIVE, Status.PENDING},
    ),
    Act(
        name="lift",
        permission="newsletter.lift_suppression",
        title="Lift the bounce or complaint",
        says="Mail to this address is stopped, and stays stopped: lifting only lets its owner sign "
        "up again. Your reason is kept with the event for good, and they can read it with their "
        "data; please write no name or address in it.",
        button="Lift it",
        done="Their address may sign up again.",
        do=Subscriber.lift,
        fits=lambda subscriber: bool(subscriber.suppressed_for),
        needs_reason=True,
    ),
    Act(
        name="erase",
        permission="newsletter.erase_subscriber",
        title="Erase",
        says="The address, the topics and the evidence of every event are deleted for good. What "
        "stays is a log of events that names nobody, and a hash by which we know not to write to "
        "the address again if mail to it bounced. This cannot be undone.",
        button="Erase for good",
        done="They are erased.",
        do=Subscriber.erase,
        fits=lambda subscriber: subscriber.status != Status.ERASED,
    ),
]
