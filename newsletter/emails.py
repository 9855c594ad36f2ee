"""One function per mail that a subscriber gets about her own subscription.

None of them holds a word that a visitor wrote: whoever types in somebody else's address must not
be able to send her a message of his own.
"""

from html import escape
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.translation import gettext

from blog import markdown
from blog.emails import compose
from blog.links import absolute
from blog.models import Site
from newsletter import merge_tags, tokens
from newsletter.addresses import masked
from newsletter.models import AddressChange, NewsletterSettings, Notice


def confirm(notice: Notice) -> EmailMultiAlternatives:
    """Asks whether the sign-up was hers. Without a press on its button nothing ever comes."""
    consent = notice.consent
    if consent is None:
        raise ValueError("A sign-up notice names its consent.")
    is_reminder = notice.kind == Notice.Kind.REMINDER
    return _to(
        notice,
        notice.subscriber.email,
        gettext("A reminder: please confirm your subscription to %(site)s")
        if is_reminder
        else gettext("Please confirm your subscription to %(site)s"),
        "confirm",
        is_reminder=is_reminder,
        link=link("confirm", tokens.CONFIRM.token_for(consent.pk)),
        days=tokens.CONFIRM.lasts.days,
        consent=consent,
        terms=link("terms_version", consent.terms_version),
        forgotten_after=settings.PENDING_DAYS,
    )


def invitation(notice: Notice) -> EmailMultiAlternatives:
    """Asks somebody whom an import brought in. Without a press on its button nothing ever comes."""
    consent = notice.consent
    if consent is None:
        raise ValueError("An invitation names its consent event.")
    return _to(
        notice,
        notice.subscriber.email,
        gettext("Would you like the newsletter of %(site)s?"),
        "invitation_to_subscribe",
        link=link("confirm", tokens.CONFIRM.token_for(consent.pk)),
        days=tokens.CONFIRM.lasts.days,
        terms=link("terms_version", consent.terms_version),
        forgotten_after=settings.PENDING_DAYS,
    )


def welcome(notice: Notice) -> EmailMultiAlternatives:
    """Greets a new reader in the words of whoever runs the newsletter."""
    words = NewsletterSettings.current()
    email, token = notice.subscriber.email, notice.subscriber.token
    unsubscribe = link("unsubscribe", token)
    html, text = _laid_out(words.welcome_text)
    html = merge_tags.for_reader(html, email=escape(email), token=token)
    return compose(
        notice,
        to=email,
        subject=words.welcome_subject
        or gettext("Welcome to %(site)s") % {"site": Site.current().name},
        template="welcome",
        context={
            "html": markdown.safe(html),
            "text": merge_tags.for_reader(text, email=email, token=token),
            "email": email,
            "preferences": link("preferences", token),
            "unsubscribe": unsubscribe,
        },
        # RFC 2369 section 3.2 and RFC 8058 section 3.1.
        headers={
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def _laid_out(source: str) -> tuple[str, str]:
    """Markdown as HTML and as text for a mail, with the places of its merge tags in it."""
    origin = {"media_url": settings.MEDIA_URL, "own_origin": settings.SITE_URL}
    html = markdown.render(merge_tags.to_places(source), **origin).html
    home = absolute("/")
    return markdown.mail_html(html, home), markdown.as_text(html, home)


def already_subscribed(notice: Notice) -> EmailMultiAlternatives:
    """Answers a sign-up of somebody who gets the newsletter already."""
    return _to(
        notice,
        notice.subscriber.email,
        gettext("You are already subscribed to %(site)s"),
        "already_subscribed",
        preferences=link("preferences", notice.subscriber.token),
        unsubscribe=link("unsubscribe", notice.subscriber.token),
    )


def data_link(notice: Notice) -> EmailMultiAlternatives:
    """Carries the link behind which a person sees, moves and erases what we have on her."""
    return _to(
        notice,
        notice.subscriber.email,
        gettext("The link to your data at %(site)s"),
        "data_link",
        link=link("data", tokens.DATA.token_for(notice.subscriber.data_key)),
    )


def new_address(notice: Notice) -> EmailMultiAlternatives:
    """Asks at a new address whether the newsletter may move there."""
    change = _change(notice)
    return _to(
        notice,
        change.new_email,
        gettext("Please confirm your new address for %(site)s"),
        "new_address",
        link=link("address", tokens.ADDRESS.token_for(change.pk)),
    )


def address_changed(notice: Notice) -> EmailMultiAlternatives:
    """Tells the old address where the newsletter went, in case it was not its owner's wish."""
    change = _change(notice)
    return _to(
        notice,
        change.old_email,
        gettext("Your subscription to %(site)s has moved"),
        "address_changed",
        new_address=masked(change.new_email),
        unsubscribe=link("unsubscribe", notice.subscriber.token),
    )


def link(name: str, *args: str) -> str:
    """The whole address of one of our pages."""
    return absolute(reverse(f"newsletter:{name}", args=args))


def _to(
    notice: Notice, address: str, subject: str, template: str, **context: Any
) -> EmailMultiAlternatives:
    subject %= {"site": Site.current().name}
    return compose(notice, to=address, subject=subject, template=template, context=context)


def _change(notice: Notice) -> AddressChange:
    if notice.address_change is None:
        raise ValueError("This notice names the change of address.")
    return notice.address_change
