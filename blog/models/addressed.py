"""What has a public address of its own, made of a slug, and never loses a reader by it."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, router, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.links import path_of
from blog.models.redirect import Redirect
from blog.text import unique_slug_base

SLUG_LENGTH = 80
# Two editors can take the same free slug in the same moment; the loser tries the next one.
ATTEMPTS = 30


class Addressed(models.Model):
    """A row with a unique slug. A blank slug is made from the name; an old one redirects."""

    # The name of its page's URL, which takes the slug.
    page: ClassVar[str]

    slug = models.SlugField(
        _("slug"),
        max_length=SLUG_LENGTH,
        unique=True,
        allow_unicode=True,
        blank=True,
        help_text=_(
            "The last part of the address. Leave it empty and it is made from the title. "
            "If you change it later, the old address leads to the new one."
        ),
    )

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.slug:
            self._save_and_remember(*args, **kwargs)
        else:
            self._save_with_free_slug(*args, **kwargs)

    def slug_source(self) -> str:
        """The text that a blank slug is made from."""
        raise ValidationError(gettext("A slug is needed."))  # pragma: no cover

    def may_have(self, slug: str) -> bool:
        """Whether a blank slug may be filled in with this one, should nobody else have it."""
        return True

    def had_public_address(self) -> bool:
        """Whether anybody outside can have seen the stored row's address."""
        return True

    @property
    def is_public(self) -> bool:
        """Whether its address shows it to everybody now."""
        return True

    def note_changes(self, before: Any) -> None:
        """Called before a stored row is saved again, with the row as it stands stored."""

    def note_saved(self, before: Any) -> None:
        """Called once the row is stored, in the same transaction; `before` is None if it is new."""

    def _save_with_free_slug(self, *args: Any, **kwargs: Any) -> None:
        base = unique_slug_base(self.slug_source())
        # Nearly always nobody has it. Where somebody does, the database says so.
        self.slug = base if self.may_have(base) else self._free_slug(base)
        for _try in range(ATTEMPTS):
            try:
                self._save_and_remember(*args, **kwargs)
            except IntegrityError:
                taken = type(self)._default_manager.filter(slug=self.slug).exclude(pk=self.pk)
                if not taken.exists():
                    raise
                self.slug = self._free_slug(base)
            else:
                return
        raise ValidationError(
            gettext("No free address was found for “%(base)s”, please choose a slug.")
            % {"base": base}
        )

    def _free_slug(self, base: str) -> str:
        taken = set(
            type(self)
            ._default_manager.filter(slug__startswith=base)
            .exclude(pk=self.pk)
            .values_list("slug", flat=True)
        )
        number, slug = 1, base
        while slug in taken or not self.may_have(slug):
            number += 1
            suffix = f"-{number}"
            slug = base[: SLUG_LENGTH - len(suffix)].rstrip("-") + suffix
        return slug

    def _save_and_remember(self, *args: Any, **kwargs: Any) -> None:
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            before = None if self._state.adding else self.stored()
            if before:
                self.note_changes(before)
            super().save(*args, **kwargs)
            if before and before.slug != self.slug and before.had_public_address():
                Redirect.objects.remember(before.get_absolute_url(), self)
            if self.had_public_address():
                Redirect.objects.forget(self.get_absolute_url())
            self.note_saved(before)

    def stored(self) -> "Addressed | None":
        """The row as the database has it, whatever was set on this one since."""
        return type(self)._default_manager.filter(pk=self.pk).first()

    def get_absolute_url(self) -> str:
        return path_of(self.page, self.slug)
