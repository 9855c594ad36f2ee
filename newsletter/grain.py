"""The grain of doubt: how many mails stand or fall together, and how to say so before sending.

docs/sending.md says why a service is in this list as it is.
"""

from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Repeated(Enum):
    """What a service answers when a call comes again under the same key."""

    SENT_TWICE = "it sends the mails again"
    SAME_ANSWER = "it says again what it said"
    HAD_IT = "it says that it had this call"


@dataclass(frozen=True, slots=True)
class Service:
    """`most` mails go in one call; `why_one` says why no more than one does."""

    name: str
    most: int = 1
    why_one: str | Promise = ""
    repeated: Repeated = Repeated.SENT_TWICE

    @property
    def may_repeat(self) -> bool:
        return self.repeated is not Repeated.SENT_TWICE


NO_HEADERS = _("it cannot give each reader her own way to unsubscribe")
BRACES = _("it would fill in the double braces of your texts")
SERVICES = {
    "amazon_ses": Service(
        "Amazon SES", why_one=_("it fills in only templates that it keeps itself")
    ),
    "brevo": Service("Brevo", most=1000, repeated=Repeated.HAD_IT),
    "mailersend": Service("MailerSend", why_one=NO_HEADERS),
    "mailgun": Service("Mailgun", most=1000),
    "mailjet": Service("Mailjet", most=50),
    "mailtrap": Service("Mailtrap", most=500),
    "mandrill": Service("Mandrill", why_one=NO_HEADERS),
    "postal": Service("Postal", why_one=_("it has no such calls")),
    "postmark": Service("Postmark", most=500),
    "resend": Service("Resend", most=100, repeated=Repeated.SAME_ANSWER),
    "scaleway": Service("Scaleway", why_one=_("it has no such calls")),
    "sendgrid": Service("SendGrid", why_one=_("anymail no longer tries its calls out")),
    "sparkpost": Service("SparkPost", why_one=_("it does not say whose mail it refused")),
    "unisender_go": Service("Unisender Go", why_one=BRACES),
}


def service() -> Service | None:
    """The mail service that EMAIL_URL names; None for mail servers and the development mailbox."""
    name = settings.MAIL_SERVICE
    if not name:
        return None
    return SERVICES.get(name) or Service(name, why_one=gettext("nobody has tried its calls out"))


def batch() -> int:
    """How many mails go in one call."""
    through = service()
    return min(settings.SEND_BATCH, through.most) if through else 1


def in_words() -> str:
    """For whoever is about to send, or wonders how many may be unknown."""
    through, mails = service(), batch()
    if through is None:
        return _in_words_without_service()
    words = ngettext(
        "Each mail is one call to %(service)s; if it gets no answer, one reader is unknown.",
        "%(mails)s mails go in one call to %(service)s; if it gets no answer, up to %(mails)s "
        "readers are unknown.",
        mails,
    ) % {"mails": mails, "service": through.name}
    if not through.may_repeat:
        return words
    again = gettext("It is made again under the same key first, which doubles nobody.")
    return f"{words} {again}"


def _in_words_without_service() -> str:
    if settings.MAILERS["default"]["BACKEND"] != SMTP:
        return gettext(
            "Mails are handed over one by one; if that ends badly, one reader is unknown."
        )
    return gettext(
        "Each connection to the mail server carries one mail at a time, and a worker "
        "opens %(most)s at most; if one ends without the server’s last "
        "word, its reader is unknown."
    ) % {"most": settings.SEND_CONNECTIONS}


def asked_too_much() -> str:
    """What SEND_BATCH asks for in vain; empty where it gets what it asks for."""
    asked, through = settings.SEND_BATCH, service()
    if asked == batch():
        return ""
    if through is None:
        words = gettext(
            "SEND_BATCH asks for %(asked)s mails a call, but without a mail service each mail "
            "goes by itself."
        )
        return words % {"asked": asked}
    if through.most == 1:
        words = gettext(
            "SEND_BATCH asks for %(asked)s mails a call, but through %(service)s each mail is a "
            "call of its own: %(reason)s."
        )
        return words % {"asked": asked, "service": through.name, "reason": through.why_one}
    words = gettext(
        "SEND_BATCH asks for %(asked)s mails a call, but %(service)s takes %(most)s, so %(most)s "
        "go in one."
    )
    return words % {"asked": asked, "service": through.name, "most": through.most}
