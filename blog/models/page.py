"""Pages that belong to no day: about, contact, a colophon."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog import markdown
from blog.fields import Line, Prose
from blog.models.addressed import Addressed
from blog.reserved import is_reserved

logger = logging.getLogger("pennypost.pages")

# What a reader would call another text.
CONTENT = ("title", "body")
# What follows from the rest, whatever of it is saved.
DERIVED = ("html", "excerpt", "markdown_version", "updated_at", "published_at")


class PageQuerySet(models.QuerySet["Page"]):
    def published(self) -> "PageQuerySet":
        """What the public may see now."""
        return self.filter(status=Page.Status.PUBLISHED)

    def to_render_again(self) -> "PageQuerySet":
        """Pages whose stored HTML an older renderer made."""
        return self.exclude(markdown_version=markdown.VERSION)


class Page(Addressed):
    """It lives at `/<slug>/`, where an address of the site's own always comes first."""

    page = "blog:page"

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    title = Line(_("title"), max_length=200)
    body = Prose(
        _("text"),
        blank=True,
        validators=[MaxLengthValidator(markdown.MAX_LENGTH)],
        help_text=_("Written in Markdown."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    meta_description = Line(
        _("description for search engines"),
        max_length=300,
        blank=True,
        help_text=_("Empty means: how the text begins."),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)
    # Kept when the page is taken back: from then on its address may be known outside.
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)

    # Made from the body at save, so that no reader ever waits for Markdown.
    html = models.TextField(blank=True, editable=False)
    excerpt = models.TextField(blank=True, editable=False)
    markdown_version = models.PositiveSmallIntegerField(default=0, editable=False, db_index=True)

    objects = PageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["title", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "published"]), name="page_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(published_at__isnull=False),
                name="page_published_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        super().clean()
        if is_reserved(self.slug):
            text = _("/%(slug)s/ is an address of the site itself. Please choose another one.")
            raise ValidationError({"slug": ValidationError(text, params={"slug": self.slug})})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.render()
        if self.status == self.Status.PUBLISHED and self.published_at is None:
            self.published_at = timezone.now()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], *DERIVED}
        super().save(*args, **kwargs)

    def note_changes(self, before: "Page") -> None:
        if any(getattr(self, name) != getattr(before, name) for name in CONTENT):
            self.updated_at = timezone.now()

    def slug_source(self) -> str:
        return self.title

    def may_have(self, slug: str) -> bool:
        return not is_reserved(slug)

    def had_public_address(self) -> bool:
        return self.published_at is not None

    @property
    def is_public(self) -> bool:
        return self.status == self.Status.PUBLISHED

    @property
    def description(self) -> str:
        return self.meta_description or self.excerpt

    def render(self) -> None:
        """Turn the Markdown body into what readers see. Raises markdown.TooComplex."""
        rendered = markdown.render(
            self.body, media_url=settings.MEDIA_URL, own_origin=settings.SITE_URL
        )
        self.html = rendered.html
        self.excerpt = markdown.excerpt(rendered.text)
        self.markdown_version = markdown.VERSION

    def render_again(self) -> None:
        """Store what the newest renderer makes of the body, unless somebody saved another one."""
        as_read = type(self).objects.filter(pk=self.pk, body=self.body)
        try:
            self.render()
        except markdown.TooComplex:
            # What is stored was cleaned too, in its time; only the next writer can shorten it.
            logger.error("Page %s has become too complex to be rendered again.", self.pk)
            as_read.update(markdown_version=markdown.VERSION)
        else:
            as_read.update(
                html=self.html, excerpt=self.excerpt, markdown_version=self.markdown_version
            )
