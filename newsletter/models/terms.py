"""The terms & conditions that a subscriber agrees to, in every version there ever was."""

import hashlib
import logging
from typing import Any

from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog import markdown
from blog.fields import Line, Prose
from blog.links import path_of
from blog.text import clean
from newsletter.models.permanent import PermanentError

logger = logging.getLogger("pennypost.newsletter")


class TermsQuerySet(models.QuerySet["Terms"]):
    def published(self) -> "TermsQuerySet":
        """Every version the public may read, the current one first."""
        return self.filter(published_at__lte=timezone.now()).order_by("-published_at", "-pk")

    def current(self) -> "Terms | None":
        """The version that a new subscriber agrees to; None where there is none yet."""
        return self.published().own().first()

    def own(self) -> "TermsQuerySet":
        return self.filter(kind=Terms.Kind.OWN)

    def to_render_again(self) -> "TermsQuerySet":
        """Terms whose stored HTML an older renderer made."""
        return self.exclude(markdown_version=markdown.VERSION)

    def update(self, **kwargs: Any) -> int:
        self._refuse_published("changed")
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse_published("deleted")
        return super().delete()

    def lay_out(self, html: str) -> None:
        """How the words are laid out may improve; the words may not."""
        super().update(html=html, markdown_version=markdown.VERSION)

    def _refuse_published(self, verb: str) -> None:
        if self.filter(published_at__isnull=False).exists():
            raise PermanentError(f"Published terms are never {verb}; publish a new version.")

    update.alters_data = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]


class Terms(models.Model):
    """One version. A draft until it is published, and after that as fixed as a signed paper."""

    class Kind(models.TextChoices):
        OWN = "own", _("Ours")
        # What people agreed to elsewhere, before they were imported. Never current.
        EXTERNAL = "external", _("Of another list")

    kind = models.CharField(
        _("kind"), max_length=8, choices=Kind, default=Kind.OWN, db_default="own", editable=False
    )
    version = Line(
        _("version"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^\w[\w.-]*$", _("Use letters, digits, dots and hyphens."))],
        help_text=_("A short name such as 1 or 2026-05. It becomes part of the address."),
    )
    text = Prose(
        _("text"),
        validators=[MaxLengthValidator(markdown.MAX_LENGTH)],
        help_text=_("What a subscriber agrees to, written in Markdown."),
    )
    html = models.TextField(editable=False)
    markdown_version = models.PositiveSmallIntegerField(default=0, editable=False)
    # SHA-256 of the UTF-8 text, in hexadecimal: what a consent was given to, word for word.
    text_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("terms & conditions")
        base_manager_name = "objects"
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["-published_at", "-id"], name="terms_newest")]
        constraints = [
            models.CheckConstraint(condition=~Q(version="") & ~Q(text=""), name="terms_not_empty"),
            models.CheckConstraint(
                condition=Q(kind="own") | Q(kind="external", published_at__isnull=False),
                name="terms_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Terms & conditions %(version)s") % {"version": self.version}

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Asked of the database: this instance may be from before they were published.
        type(self).objects.filter(pk=self.pk)._refuse_published("changed")
        # What is hashed must be, to the letter, what is stored.
        self.text = clean(self.text)
        self.html, self.markdown_version = markdown.render(self.text).html, markdown.VERSION
        self.text_hash = hashlib.sha256(self.text.encode()).hexdigest()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        type(self).objects.filter(pk=self.pk)._refuse_published("deleted")
        return super().delete(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return path_of("newsletter:terms_version", self.version)

    def render_again(self) -> None:
        """Lay the same words out as the renderer does today, or leave them as they look."""
        try:
            html = markdown.render(self.text).html
        except markdown.TooComplex:
            logger.error("Terms %s have become too complex to be rendered again.", self.pk)
            html = self.html
        Terms.objects.filter(pk=self.pk).lay_out(html)

    def publish(self) -> None:
        """Make this the version that new subscribers agree to. Old consents stay as they were."""
        self.published_at = timezone.now()
        self.save()

    @property
    def is_published(self) -> bool:
        return self.published_at is not None
