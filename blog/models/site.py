"""What the site is called and how it signs its mail: one row, edited in the admin."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from blog.fields import Line, MailAddress, MailHeader, Prose
from blog.models.one_row import OneRow


class Site(OneRow):
    class Crawlers(models.TextChoices):
        WELCOME = "welcome", _("All are welcome")
        NO_TRAINING = "no-training", _("Answer questions from it, but do not train on it")
        REFUSED = "refused", _("None may read it")

    name = MailHeader(max_length=80, default="Pennypost", help_text="The name of your site.")
    tagline = Line(max_length=160, blank=True, help_text="A few words that follow the name.")
    postal_address = Prose(
        blank=True,
        help_text="Printed at the foot of every newsletter; the law in many countries asks for it.",
    )
    sender_name = MailHeader(
        max_length=80, blank=True, help_text="Who mail comes from. Empty means: the site's name."
    )
    sender_email = MailAddress(
        "sender address", blank=True, help_text="Empty means: the address set by the operator."
    )
    reply_to = MailAddress(blank=True, help_text="Where answers go. Empty means: to the sender.")
    signups_open = models.BooleanField(
        "sign-ups are open",
        default=True,
        help_text="Switch off and every form gives way to a sentence that says so.",
    )

    ai_crawlers = models.CharField(
        _("crawlers of language models"),
        max_length=12,
        choices=Crawlers,
        default=Crawlers.WELCOME,
        help_text=_(
            "What robots.txt asks of those who gather texts for AI. Search engines like Google and "
            "Bing may read your site in any case. It is a request: most large companies keep to "
            "it, and nobody has to. If none may read it, there is no /llms.txt either."
        ),
    )

    class Meta(OneRow.Meta):
        verbose_name = verbose_name_plural = "site"

    def __str__(self) -> str:
        return self.name
