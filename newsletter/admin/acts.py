"""What a newsletter manager may do to a subscriber, each behind a page that says what happens."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsletter.models import Subscriber

Status = Subscriber.Status


@dataclass(frozen=True)
class Act:
    name: str
    permission: str
    title: str | Promise
    # What the page before the button says, in whole sentences.
    says: str | Promise
    button: str | Promise
    done: str | Promise
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
        title=_("Unsubscribe"),
        says=_(
            "They asked to leave by letter, by telephone or in an answer to a mail. No issue goes "
            "to them any more. Only they themselves can come back, by signing up and confirming."
        ),
        button=_("Unsubscribe them"),
        done=_("They are unsubscribed."),
        do=Subscriber.unsubscribe,
        fits=lambda subscriber: subscriber.status in {Status.ACTIVE, Status.PENDING},
    ),
    Act(
        name="lift",
        permission="newsletter.lift_suppression",
        title=_("Lift the bounce or complaint"),
        says=_(
            "Mail to this address is stopped, and stays stopped: lifting only lets its owner sign "
            "up again. Your reason is kept with the event for good, and they can read it with "
            "their data; please write no name or address in it."
        ),
        button=_("Lift it"),
        done=_("Their address may sign up again."),
        do=Subscriber.lift,
        fits=lambda subscriber: bool(subscriber.suppressed_for),
        needs_reason=True,
    ),
    Act(
        name="erase",
        permission="newsletter.erase_subscriber",
        title=_("Erase"),
        says=_(
            "The address, the topics and the evidence of every event are deleted for good. What "
            "stays is a log of events that names nobody, and a hash by which we know not to write "
            "to the address again if mail to it bounced. This cannot be undone."
        ),
        button=_("Erase for good"),
        done=_("They are erased."),
        do=Subscriber.erase,
        fits=lambda subscriber: subscriber.status != Status.ERASED,
    ),
]
