"""Posts that are read in order, one after the other."""

from django.db import models
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext_lazy as _

from blog.fields import Line, Prose
from blog.models.addressed import Addressed
from blog.models.visibility import visible


class SeriesQuerySet(models.QuerySet["Series"]):
    def published(self) -> "SeriesQuerySet":
        """Those with at least one part that the public may see now."""
        with_parts = self.model._default_manager.filter(visible("posts__"), pk=OuterRef("pk"))
        return self.filter(Exists(with_parts))


class Series(Addressed):
    page = "blog:series"

    name = Line(_("name"), max_length=120, unique=True, help_text=_("What the whole is called."))
    description = Prose(
        _("description"),
        blank=True,
        help_text=_("One or two sentences at the top of the page of the series."),
    )

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def slug_source(self) -> str:
        return self.name

    @property
    def is_public(self) -> bool:
        """A series that is still being written is nobody's to know of."""
        return Series.objects.published().filter(pk=self.pk).exists()

    def next_position(self) -> int:
        """The place behind all parts, drafts included; the last places fill up at the end."""
        last = self.posts.aggregate(last=Max("series_position"))["last"]  # type: ignore[attr-defined]
        return min((last or 0) + 1, 32_767)
