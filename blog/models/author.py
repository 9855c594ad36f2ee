"""Who writes, and signs in to the admin."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.fields import Line, Prose
from blog.images import PictureField
from blog.models.addressed import Addressed
from blog.models.visibility import visible

# Of what an author's public name and the address of her page are made.
NAME = ("display_name", "first_name", "last_name", "slug")
# What an account is made of besides, which no page for readers asks for.
ACCOUNT = [field.name for field in AbstractUser._meta.fields if field.name not in NAME]


class AuthorQuerySet(models.QuerySet["Author"]):
    def published(self) -> "AuthorQuerySet":
        """Those with at least one post that the public may see now, without their accounts."""
        with_posts = self.model._default_manager.filter(visible("posts__"), pk=OuterRef("pk"))
        return self.filter(Exists(with_posts)).defer(*ACCOUNT)


class AuthorManager(DjangoUserManager.from_queryset(AuthorQuerySet)):  # type: ignore[misc]
    pass


class Author(Addressed, AbstractUser):
    """The user model: an account with a public face."""

    page = "blog:author"

    display_name = Line(
        _("display name"),
        max_length=120,
        blank=True,
        help_text=_("The name that readers see under your posts."),
    )
    bio = Prose(
        _("bio"),
        blank=True,
        help_text=_("Two or three sentences about you, shown at the foot of your posts."),
    )
    photo = PictureField(
        _("photo"),
        upload_to="photos",
        blank=True,
        width_field="photo_width",
        height_field="photo_height",
        help_text=_("A JPEG, PNG, WebP or AVIF picture. Position and camera data are removed."),
    )
    photo_width = models.PositiveIntegerField(null=True, editable=False)
    photo_height = models.PositiveIntegerField(null=True, editable=False)
    website = models.URLField(
        _("website"),
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="https://…",
    )

    objects: ClassVar[AuthorManager] = AuthorManager()

    class Meta(AbstractUser.Meta):
        verbose_name = _("author")  # type: ignore[assignment]
        verbose_name_plural = _("authors")  # type: ignore[assignment]
        ordering = ["display_name", "username"]

    def __str__(self) -> str:
        return self.get_display_name()

    @property
    def is_public(self) -> bool:
        return Author.objects.published().filter(pk=self.pk).exists()

    def get_display_name(self) -> str:
        """The name that readers see. Never the name that is typed to sign in."""
        return (
            self.display_name
            or self.get_full_name()
            or gettext("Author %(number)s") % {"number": self.pk}
        )

    def slug_source(self) -> str:
        return self.display_name or self.get_full_name() or "author"
