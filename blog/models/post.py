"""Posts: what the blog is for."""

import logging
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from blog import languages, markdown
from blog.dates import is_sensible, sensible
from blog.fields import Line, Prose
from blog.images import PictureField
from blog.models.addressed import Addressed
from blog.models.announcement import Announcement
from blog.models.post_queryset import PostQuerySet
from blog.text import keywords

if TYPE_CHECKING:
    from blog.models.category import Category

logger = logging.getLogger("pennypost.posts")

WORDS_A_MINUTE = 230
# What a reader would call another text.
CONTENT = ("title", "summary", "body", "cover", "cover_alt", "author_id")


def language_choices() -> list[tuple[str, str]]:
    return languages.choices()


class Post(Addressed):
    page = "blog:post"

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    title = Line(_("title"), max_length=200)
    summary = Prose(
        _("summary"),
        blank=True,
        max_length=600,
        validators=[MaxLengthValidator(600)],
        help_text=_("One or two sentences under the title, in lists and in search engines."),
    )
    body = Prose(
        _("body"),
        blank=True,
        validators=[MaxLengthValidator(markdown.MAX_LENGTH)],
        help_text=_("Written in Markdown."),
    )
    cover = PictureField(
        _("cover"),
        upload_to="covers",
        blank=True,
        width_field="cover_width",
        height_field="cover_height",
        help_text=_(
            "A JPEG, PNG, WebP or AVIF picture, best 1600 pixels wide or more. "
            "Position and camera data are removed."
        ),
    )
    cover_width = models.PositiveIntegerField(null=True, editable=False)
    cover_height = models.PositiveIntegerField(null=True, editable=False)
    cover_alt = Line(
        _("cover description"),
        max_length=300,
        blank=True,
        help_text=_("What the cover shows, for readers who cannot see it."),
    )
    author = models.ForeignKey(
        "blog.Author",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="posts",
        verbose_name=_("author"),
    )
    categories = models.ManyToManyField(
        "blog.Category", blank=True, related_name="posts", verbose_name=_("categories")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        _("goes live at"),
        null=True,
        blank=True,
        validators=[sensible],
        help_text=_(
            "Empty means: the moment you publish. A time to come means: it goes live then, "
            "by itself."
        ),
    )
    featured = models.BooleanField(
        _("featured"),
        default=False,
        help_text=_("Shown large at the top of the home page until a newer one is."),
    )
    canonical_url = models.URLField(
        _("original address"),
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Only if this text appeared elsewhere first: search engines are told so."),
    )
    meta_title = Line(
        _("title for search engines"),
        max_length=200,
        blank=True,
        help_text=_("Empty means: the title above."),
    )
    meta_description = Line(
        _("description for search engines"),
        max_length=300,
        blank=True,
        help_text=_("Empty means: the summary above."),
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        blank=True,
        default="",
        db_default="",
        choices=language_choices,
        help_text=_("Only if this text is in another language than the site."),
    )
    translation_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="translations",
        verbose_name=_("translation of"),
        help_text=_(
            "The post that was written first. Pages of both lead to each other, and search engines "
            "are told."
        ),
    )
    series = models.ForeignKey(
        "blog.Series",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="posts",
        db_index=False,
        help_text=_("Only if this text is a part of several that are read in order."),
        verbose_name=_("series"),
    )
    series_position = models.PositiveSmallIntegerField(
        _("place in the series"),
        null=True,
        blank=True,
        help_text=_("Small numbers come first. Empty means: after those that are there."),
    )
    guid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(
        _("updated at"), default=timezone.now, editable=False, validators=[sensible]
    )

    # Made from the body at save, so that no page ever waits for Markdown.
    html = models.TextField(blank=True, editable=False)
    toc = models.JSONField(default=list, editable=False)
    excerpt = models.TextField(blank=True, editable=False)
    words = models.PositiveIntegerField(default=0, editable=False)
    markdown_version = models.PositiveSmallIntegerField(default=0, editable=False, db_index=True)
    # The words it is about, and the keys of posts about the same, best first: blog/related.py.
    keywords = models.JSONField(null=True, editable=False)
    related = models.JSONField(null=True, editable=False)
    is_related = models.BooleanField(null=True, editable=False)  # empty: to be looked for

    # Said by with_translations() and with_category_keys(), and by blog/neighbours.py.
    has_translations: bool
    category_keys: str
    leading_on: list[list[Any]] | None

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["-published_at", "-pk"]
        permissions = [
            ("publish_post", _("Can publish and unpublish posts")),
            ("change_any_post", _("Can edit everybody's posts")),
        ]
        indexes = [
            # Titles stand in those that the newsroom's lists go by, for whoever looks for a word.
            models.Index(fields=["status", "-published_at", "-id", "title"], name="post_newest"),
            models.Index(
                fields=["author", "status", "-published_at", "-id"], name="post_newest_by_author"
            ),
            models.Index(
                fields=["featured", "status", "-published_at", "-id"], name="post_featured"
            ),
            models.Index(fields=["-published_at", "-id", "title"], name="post_by_date"),
            models.Index(fields=["-updated_at", "-id", "title"], name="post_updated"),
            # All that the list of the sitemap's files needs to know of a hundred thousand posts.
            models.Index(
                fields=["status", "published_at", "updated_at", "id"], name="post_sitemap"
            ),
            models.Index(fields=["series", "series_position"], name="post_series"),
            models.Index(fields=["id"], condition=Q(is_related=None), name="post_to_relate"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "published"]), name="post_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(published_at__isnull=False),
                name="post_published_has_time",
            ),
            models.CheckConstraint(
                condition=Q(translation_of=None) | ~Q(translation_of=F("pk")),
                name="post_translates_another",
            ),
            models.CheckConstraint(
                condition=is_sensible("published_at"), name="post_published_at_sensible"
            ),
            models.CheckConstraint(
                condition=is_sensible("updated_at"), name="post_updated_at_sensible"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Render the body and set the times that follow from the status, then save."""
        fields = kwargs.get("update_fields")
        if fields is None or {"body", "language"} & set(fields):
            self.render()
        # A script may give it as text, which Django would only read on its way to the database.
        self.published_at = Post._meta.get_field("published_at").to_python(self.published_at)
        if self.status == self.Status.PUBLISHED and self.published_at is None:
            self.published_at = timezone.now()
        if self.series and self.series_position is None:
            self.series_position = self.series.next_position()
        self.is_related = None
        if fields is not None:
            derived = {"updated_at", "is_related", *self._derived_from(fields)}
            kwargs["update_fields"] = {*fields, *derived}
        super().save(*args, **kwargs)

    def note_changes(self, before: "Post") -> None:
        """Another text is an update that readers are told of; publishing alone is none."""
        was_set_by_hand = self.updated_at != before.updated_at
        if not was_set_by_hand and any(
            getattr(self, name) != getattr(before, name) for name in CONTENT
        ):
            self.updated_at = timezone.now()

    def note_saved(self, before: "Post | None") -> None:
        Announcement.objects.note_change(before, self)

    def slug_source(self) -> str:
        return self.title

    def had_public_address(self) -> bool:
        return self.published_at is not None and self.published_at <= timezone.now()

    def render(self) -> None:
        """Turn the Markdown body into what pages show. Raises markdown.TooComplex."""
        # Its footnotes are called what they are called in its own language.
        with translation.override(languages.spoken(self.language)):
            rendered = markdown.render(
                self.body, media_url=settings.MEDIA_URL, own_origin=settings.SITE_URL
            )
        self.html = rendered.html
        self.toc = [[heading.level, heading.id, heading.title] for heading in rendered.toc]
        self.excerpt = markdown.excerpt(rendered.text)
        self.words = rendered.words
        self.keywords = keywords(rendered.text)
        self.markdown_version = markdown.VERSION

    def render_again(self) -> None:
        """Store what the newest renderer makes of the body, unless somebody saved another one."""
        as_read = type(self).objects.filter(pk=self.pk, body=self.body)
        try:
            self.render()
        except markdown.TooComplex:
            # What is stored was cleaned too, in its time; only the next writer can shorten it.
            logger.error("Post %s has become too complex to be rendered again.", self.pk)
            as_read.update(markdown_version=markdown.VERSION)
        else:
            derived = self._derived_from(["body"])
            as_read.update(**{name: getattr(self, name) for name in derived})

    def publish(self, at: datetime | None = None) -> None:
        """Make the post public now, or at the given time."""
        self.status = self.Status.PUBLISHED
        self.published_at = at or self.published_at or timezone.now()
        self.save(update_fields=["status", "published_at"])

    def unpublish(self) -> None:
        """Take the post back; it keeps its date for when it returns."""
        self.status = self.Status.DRAFT
        self.save(update_fields=["status"])

    @property
    def is_public(self) -> bool:
        return self.status == self.Status.PUBLISHED and self.had_public_address()

    @property
    def is_scheduled(self) -> bool:
        return self.status == self.Status.PUBLISHED and not self.is_public

    @cached_property
    def filed_under(self) -> "list[Category]":
        """Its categories in their order. blog/filed.py finds those of a page of posts at once."""
        return list(self.categories.all())

    @property
    def minutes(self) -> int:
        """Reading time in whole minutes, at least one."""
        return max(1, round(self.words / WORDS_A_MINUTE))

    @property
    def description(self) -> str:
        return self.summary or self.excerpt

    @property
    def changed_at(self) -> datetime:
        """When readers saw it change last: a post that was scheduled is as new as its minute."""
        return max(self.updated_at, self.published_at or self.updated_at)

    @property
    def was_updated(self) -> bool:
        """Whether a reader should be told that the text changed after it was published."""
        published_at = self.published_at or self.updated_at
        return self.updated_at - published_at > timedelta(days=1)

    @staticmethod
    def _derived_from(fields: Any) -> set[str]:
        derived = {"html", "toc", "excerpt", "words", "keywords", "markdown_version"}
        return {
            *(derived if {"body", "language"} & set(fields) else ()),
            *({"published_at"} if "status" in fields else ()),
            *({"series_position"} if "series" in fields else ()),
        }
