"""What the site is called, how it looks and how it signs its mail: one row, edited in the admin."""

import json

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from blog.colours import HEX, OURS, Accent, accent
from blog.fields import Line, MailAddress, MailHeader, Prose
from blog.icons import IconField
from blog.images import PictureField
from blog.models.link import Leads, Link, leads
from blog.models.one_row import OneRow


class SiteQuerySet(models.QuerySet["Site"]):
    def with_links(self) -> "SiteQuerySet":
        """Adds `links_as_text`: every page needs the site and its links, in one question."""
        links = Link.objects.shown().filter(site=OuterRef("pk"))
        return self.annotate(links_as_text=Subquery(links.as_text()))


class Site(OneRow):
    class Crawlers(models.TextChoices):
        WELCOME = "welcome", _("All are welcome")
        NO_TRAINING = "no-training", _("Answer questions from it, but do not train on it")
        REFUSED = "refused", _("None may read it")

    name = MailHeader(
        _("name"), max_length=80, default="Pennypost", help_text=_("The name of your site.")
    )
    tagline = Line(
        _("tagline"), max_length=160, blank=True, help_text=_("A few words that follow the name.")
    )
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default=OURS.light,
        db_default=OURS.light,
        validators=[RegexValidator(f"^{HEX.pattern}$", _("Write a colour like #8f3018."))],
        help_text=_(
            "For labels, buttons and what is under the pointer, in your mails too. On the dark "
            "page stands a lighter shade of it."
        ),
    )
    logo = PictureField(
        _("logo"),
        upload_to="logos",
        blank=True,
        default="",
        db_default="",
        width_field="logo_width",
        height_field="logo_height",
        help_text=_(
            "Stands in place of the name. A PNG or WebP picture with a transparent ground, best "
            "600 pixels wide or more; it is shown about 40 pixels high."
        ),
    )
    logo_width = models.PositiveIntegerField(null=True, editable=False)
    logo_height = models.PositiveIntegerField(null=True, editable=False)
    logo_dark = PictureField(
        _("logo for the dark page"),
        upload_to="logos",
        blank=True,
        default="",
        db_default="",
        width_field="logo_dark_width",
        height_field="logo_dark_height",
        help_text=_("Only if the other one cannot be seen on a dark ground."),
    )
    logo_dark_width = models.PositiveIntegerField(null=True, editable=False)
    logo_dark_height = models.PositiveIntegerField(null=True, editable=False)
    icon = IconField(
        _("icon"),
        upload_to="icons",
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Stands in a browser’s tab and on a phone’s home screen. A square picture, best 512 "
            "pixels wide or more. Empty means: a penny."
        ),
    )
    foot = Line(
        _("line at the foot"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("A sentence under the links at the foot of every page."),
    )
    postal_address = Prose(
        _("postal address"),
        blank=True,
        help_text=_(
            "Printed at the foot of every newsletter; the law in many countries asks for it."
        ),
    )
    sender_name = MailHeader(
        _("sender name"),
        max_length=80,
        blank=True,
        help_text=_("Who mail comes from. Empty means: the site's name."),
    )
    sender_email = MailAddress(
        _("sender address"),
        blank=True,
        help_text=_("Empty means: the address set by the operator."),
    )
    reply_to = MailAddress(
        _("reply to"), blank=True, help_text=_("Where answers go. Empty means: to the sender.")
    )
    signups_open = models.BooleanField(
        _("sign-ups are open"),
        default=True,
        help_text=_("Switch off and every form gives way to a sentence that says so."),
    )

    ai_crawlers = models.CharField(
        _("crawlers of language models"),
        max_length=12,
        choices=Crawlers,
        default=Crawlers.WELCOME,
        db_default=Crawlers.WELCOME,
        help_text=_(
            "What robots.txt asks of those who gather texts for AI. Search engines like Google and "
            "Bing may read your site in any case. It is a request: most large companies keep to "
            "it, and nobody has to. If none may read it, there is no /llms.txt either."
        ),
    )

    objects = SiteQuerySet.as_manager()

    links_as_text: str | None = None

    class Meta(OneRow.Meta):
        verbose_name = verbose_name_plural = _("site")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def with_all_it_needs(cls) -> SiteQuerySet:
        return cls.objects.with_links()

    @property
    def colours(self) -> Accent:
        """The accent in both its shades, as it can be read."""
        return accent(self.accent)

    @property
    def has_own_colours(self) -> bool:
        return self.colours != OURS

    @cached_property
    def menu(self) -> dict[str, list[Leads]]:
        """The links at each place, in their order. Those of `current()`; no other row has any."""
        rows = json.loads(f"[{self.links_as_text or ''}]")
        rows.sort(key=lambda row: (row["order"], row["pk"]))
        return {
            place: [leads(row) for row in rows if row["place"] == place] for place in Link.Place
        }
