"""What becomes of a notice: decided by the worker, at the moment it could be sent.

A sign-up is answered differently for a stranger, a reader and somebody who complained. Here
nobody can see or time which of them an address belongs to.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from blog.models import Limit
from blog.models.outgoing import OutgoingQuerySet
from blog.outbox import GIVE_UP_AFTER, Later, Skip
from blog.prepared import Prepared, Update, moment, number, text
from newsletter import emails
from newsletter.models import NewsletterSettings, Notice, Subscriber
from newsletter.models.subscriber import hash_address

TOO_MANY = gettext_noop("Too many mails were asked for at once.")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LETTERS: dict[str, Callable[[Notice], EmailMultiAlternatives]] = {
    Notice.Became.CONFIRM: emails.confirm,
    Notice.Became.INVITATION: emails.invitation,
    Notice.Became.ALREADY: emails.already_subscribed,
    Notice.Became.WELCOME: emails.welcome,
    Notice.Became.DATA_LINK: emails.data_link,
    Notice.Became.NEW_ADDRESS: emails.new_address,
    Notice.Became.ADDRESS_CHANGED: emails.address_changed,
}
# How many mails of one kind a person is sent at most, however many strangers ask for them.
MOST: dict[str, list[tuple[int, timedelta]]] = {
    Notice.Became.CONFIRM: [(2, HOUR), (5, DAY)],
    Notice.Became.INVITATION: [(1, DAY)],
    Notice.Became.ALREADY: [(1, DAY)],
    Notice.Became.DATA_LINK: [(2, HOUR), (5, DAY)],
    Notice.Became.NEW_ADDRESS: [(2, HOUR), (5, DAY)],
}


class TooMany(Later):
    """A limit is used up that `others` wait for too."""

    def __init__(self, until: datetime, others: OutgoingQuerySet) -> None:
        super().__init__(until, gettext(TOO_MANY))
        self.others = others


def write(notice: Notice) -> EmailMultiAlternatives:
    """The mail that `notice` is to be now; raises blog.outbox.Skip or Later where it is none."""
    try:
        became = _decide(notice)
    except TooMany as limit:
        _put_off(limit.others, limit.until)
        raise
    return LETTERS[became](notice)


@transaction.atomic
def _decide(notice: Notice) -> str:
    """Choose the mail and take a place for it within the limits, before it is sent.

    The lock makes two workers with two notices for one person choose one after the other.
    """
    for locked in _locked(pk=notice.pk):
        notice.subscriber, notice.consent = locked.subscriber, locked.consent
    became = _letter_for(notice, notice.subscriber)
    # A notice that is tried again has its place already.
    if notice.became != became:
        _refuse_too_many(notice, became)
        _become(pk=notice.pk, became=became)
        notice.became = became
    return became


@Prepared
def _locked() -> QuerySet[Notice]:
    """A notice with its person, who is locked. A consent never changes, so it needs no lock."""
    rows = Notice.objects.select_related("subscriber", "consent").filter(pk=number("pk"))
    return rows.select_for_update(of=("subscriber",))


_become = Update(lambda: Notice.objects.filter(pk=number("pk")), became=text("became"))


def _letter_for(notice: Notice, subscriber: Subscriber) -> str:
    if notice.kind == Notice.Kind.ADDRESS_CHANGED:
        return Notice.Became.ADDRESS_CHANGED
    if not subscriber.may_be_mailed():
        raise Skip(gettext("This address gets no mail."))
    if notice.kind == Notice.Kind.SIGN_UP:
        return _answer_to_sign_up(notice, subscriber)
    if notice.kind == Notice.Kind.INVITATION:
        return _invitation(notice, subscriber)
    if notice.kind == Notice.Kind.REMINDER:
        return _reminder(notice, subscriber)
    if notice.kind == Notice.Kind.WELCOME:
        return _welcome(subscriber)
    if notice.kind == Notice.Kind.NEW_ADDRESS:
        return _question_at_new_address(notice)
    return Notice.Became.DATA_LINK


def _answer_to_sign_up(notice: Notice, subscriber: Subscriber) -> str:
    if subscriber.status == Subscriber.Status.ACTIVE:
        return Notice.Became.ALREADY
    if notice.consent is None or not subscriber.may_confirm(notice.consent):
        raise Skip(gettext("The request was withdrawn."))
    return Notice.Became.CONFIRM


def _invitation(notice: Notice, subscriber: Subscriber) -> str:
    if notice.consent is None or not subscriber.may_confirm(notice.consent):
        raise Skip(gettext("They answered already, or the import was undone."))
    return Notice.Became.INVITATION


def _reminder(notice: Notice, subscriber: Subscriber) -> str:
    """The same request once more, and one of as many as she may get in a day."""
    if subscriber.status != Subscriber.Status.PENDING:
        raise Skip(gettext("The request was answered."))
    if not NewsletterSettings.current().reminds:
        raise Skip(gettext("Nobody is reminded any more."))
    return _answer_to_sign_up(notice, subscriber)


def _welcome(subscriber: Subscriber) -> str:
    if subscriber.status != Subscriber.Status.ACTIVE:
        raise Skip(gettext("She left before she could be welcomed."))
    if not NewsletterSettings.current().welcomes:
        raise Skip(gettext("Nobody is welcomed any more."))
    return Notice.Became.WELCOME


def _question_at_new_address(notice: Notice) -> str:
    change = notice.address_change
    if change is None or not change.is_open():
        raise Skip(gettext("The wish to move was withdrawn."))
    if not change.leads_to_free_address():
        raise Skip(gettext("This address gets no mail."))
    return Notice.Became.NEW_ADDRESS


def _refuse_too_many(notice: Notice, became: str) -> None:
    """Raise Skip where the person had her share, Later where network or site had theirs."""
    if became in {Notice.Became.ADDRESS_CHANGED, Notice.Became.WELCOME}:
        return  # never more of them than pressed buttons
    for most, within in MOST[became]:
        if len(_taken(notice, became, most, within)) == most:
            raise Skip(gettext("This address had as many of these mails as it may get for now."))
    if became == Notice.Became.INVITATION:
        # An allowance of their own: nobody who signs up waits behind a long list.
        mine = Q(kind=Notice.Kind.INVITATION)
        _count("invitations", mine, most=settings.CONFIRMATIONS_PER_HOUR)
        return
    if notice.address_change:
        # Others may want to move to that address too, so it counts by itself.
        target = hash_address(notice.address_change.new_key)
        _count(f"new address {target}", Q(pk__in=[]), most=2)
    # Each kind has places of its own: no flood of sign-ups holds up a link to one's data.
    alike = Q(kind=notice.kind)
    there = alike & Q(network=notice.network)
    from_there, in_all = settings.CONFIRMATIONS_PER_NETWORK_HOUR, settings.CONFIRMATIONS_PER_HOUR
    _count(f"{notice.kind} from {notice.network}", there, most=from_there)
    _count(notice.kind, alike, most=in_all)


def _taken(notice: Notice, became: str, most: int, within: timedelta) -> list[Notice]:
    """Up to `most` mails of this kind that she was sent lately, or that are on their way."""
    since = timezone.now() - within
    person = notice.subscriber_id
    return _others(most, pk=notice.pk, person=person, became=became, since=since)


@Prepared
def _others(most: int) -> QuerySet[Notice]:
    on_its_way = Q(status=Notice.Status.WAITING)
    lately = Q(status=Notice.Status.SENT, settled_at__gt=moment("since"))
    hers = Notice.objects.filter(subscriber_id=number("person"), became=text("became"))
    return hers.exclude(pk=number("pk")).filter(on_its_way | lately).order_by()[:most]


def _count(key: str, others: Q, *, most: int) -> None:
    if not Limit.objects.allow(key, most=most, within=HOUR):
        raise TooMany(Limit.objects.get(key=key).ends_at, Notice.objects.filter(others))


def _put_off(others: OutgoingQuerySet, until: datetime) -> None:
    """Let all who share a used-up limit wait at once: an attack leaves thousands of them."""
    waiting = others.due().filter(became="")
    waiting.filter(created_at__lt=until - GIVE_UP_AFTER).update(
        status=Notice.Status.SKIPPED, settled_at=timezone.now(), reply=gettext(TOO_MANY)
    )
    waiting.update(due_at=until)
