"""The links that an editor puts into the frame of every page."""

from typing import Any, NamedTuple
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.aggregates import StringAgg
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext_lazy as _

from blog.fields import Line
from blog.links import path_of
from blog.models.redirect import LONGEST, leads_somewhere


class Leads(NamedTuple):
    """A link as a template shows it. `path` is what a request for it has, to know where one is."""

    label: str
    address: str
    path: str


def has_one_target() -> Q:
    """A page, a category or an address; the last one with a label, since it has no name."""
    page = Q(page__isnull=False, category__isnull=True, address="")
    category = Q(page__isnull=True, category__isnull=False, address="")
    address = Q(page__isnull=True, category__isnull=True) & ~Q(address="") & ~Q(label="")
    return page | category | address


def is_safe_address() -> Q:
    """Nothing that a browser would run, whoever loads it into the database."""
    starts = ("/", "http://", "https://")
    safe = Q(address="")
    for start in starts:
        safe |= Q(address__startswith=start)
    return safe


class LinkQuerySet(models.QuerySet["Link"]):
    def shown(self) -> "LinkQuerySet":
        """Without those to pages that the public may not see."""
        return self.filter(Q(page=None) | Q(page__status="published"))

    def as_text(self) -> "models.QuerySet[Link, Any]":
        """The links of each site as one text, for its own query to take along: see leads()."""
        by_name = Case(When(page=None, then=F("category__name")), default=F("page__title"))
        row = JSONObject(
            place="place",
            order="order",
            pk="pk",
            label=Case(When(label="", then=by_name), default=F("label")),
            page="page__slug",
            category="category__slug",
            address="address",
        )
        rows = StringAgg(Cast(row, TextField()), delimiter=Value(","))
        return self.order_by().values("site").annotate(rows=rows).values("rows")


class Link(models.Model):
    class Place(models.TextChoices):
        NAVIGATION = "navigation", _("Navigation")
        FOOT = "foot", _("Foot")
        SOCIAL = "social", _("Social")

    site = models.ForeignKey(
        "blog.Site", models.CASCADE, related_name="links", verbose_name=_("site")
    )
    place = models.CharField(max_length=10, choices=Place)
    label = Line(
        _("label"),
        max_length=60,
        blank=True,
        help_text=_("Empty means: the name of the page or category."),
    )
    page = models.ForeignKey(
        "blog.Page", models.CASCADE, null=True, blank=True, verbose_name=_("page")
    )
    category = models.ForeignKey(
        "blog.Category", models.CASCADE, null=True, blank=True, verbose_name=_("category")
    )
    address = Line(_("or an address"), max_length=LONGEST, blank=True, validators=[leads_somewhere])
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=has_one_target(),
                name="link_has_one_target",
                violation_error_message=_(
                    "Name one place to lead to: a page, a category or an address. An address "
                    "needs a label too."
                ),
            ),
            models.CheckConstraint(
                condition=is_safe_address(),
                name="link_address_safe",
                violation_error_message=_("Write a path on this site, or an https link."),
            ),
            models.CheckConstraint(
                condition=Q(place__in=["navigation", "foot", "social"]), name="link_place_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label or str(self.page or self.category or self.address)

    def clean(self) -> None:
        """What is left out of a form is no mistake of its own; a whole row is."""
        super().clean()
        if self.place == self.Place.SOCIAL and self.address.startswith("/"):
            raise ValidationError({"address": _("Write the whole link, https://…")})


def leads(row: dict[str, Any]) -> Leads:
    """A row of as_text(), read."""
    if row["page"]:
        address = path_of("blog:page", row["page"])
    elif row["category"]:
        address = path_of("blog:category", row["category"])
    else:
        address = row["address"]
    return Leads(row["label"], address, unquote(address))
