"""What whoever runs the newsletter decides about it."""

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from blog.fields import MailHeader, Prose
from blog.models import Category
from blog.models.one_row import OneRow

WELCOME = gettext_noop("""\
Thank you for signing up, and for confirming your address.

From now on the newsletter comes to {{ email }}. If you would rather read about some things only, \
[choose what you receive]({{ preferences_url }}).
""")


def welcome_text() -> str:
    return gettext(WELCOME)


class NewsletterSettings(OneRow):
    offers_topics = models.BooleanField(
        _("categories can be chosen at sign-up"),
        default=False,
        help_text=_(
            "The form on the newsletter's page then asks which categories a reader wants. "
            "The short form under each post always signs up for everything."
        ),
    )

    welcomes = models.BooleanField(
        _("a welcome mail is sent"),
        default=True,
        help_text=_("Once, right after a reader has confirmed her address."),
    )
    welcome_subject = MailHeader(
        _("subject"),
        max_length=150,
        blank=True,
        help_text=_("Empty means: Welcome to, and the name of your site."),
    )
    welcome_text = Prose(
        _("text"),
        max_length=20_000,
        default=welcome_text,
        validators=[MaxLengthValidator(20_000)],
        help_text=_(
            "Written in Markdown. {{ email }}, {{ preferences_url }} and {{ unsubscribe_url }} "
            "become the reader's own. Both links stand at the foot of the mail in any case."
        ),
    )

    reminds = models.BooleanField(
        _("whoever does not confirm is reminded"),
        default=False,
        help_text=_("Once, and never again."),
    )
    reminder_days = models.PositiveSmallIntegerField(
        _("after how many days"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(14)],
        help_text=_("Counted from the mail that asked to confirm."),
    )

    counts_clicks = models.BooleanField(
        _("clicks on links are counted"),
        default=False,
        help_text=_(
            "Links in issues then go through this site, which counts how often each is followed "
            "and never by whom. Readers see your address under a link before theirs. Robots that "
            "check links are left out as far as they can be told."
        ),
    )
    counts_loads = models.BooleanField(
        _("loads of a picture are counted"),
        default=False,
        help_text=_(
            "Issues then end with a picture of one dot, the same for everybody. Many mail "
            "programs load it by themselves and many never do, so it is an estimate of how often a "
            "mail was opened, and no more. In some countries readers have to be asked before."
        ),
    )

    class Meta(OneRow.Meta):
        verbose_name = verbose_name_plural = _("settings")

    def __str__(self) -> str:
        return gettext("Newsletter")

    def offered_topics(self) -> list[Category]:
        """What the form asks about: only what a visitor could find on our pages anyway."""
        return list(Category.objects.published()) if self.offers_topics else []
