"""What posts are about."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.fields import Line, Prose
from blog.models.addressed import Addressed
from blog.models.link import Link
from blog.models.place import Mark, Place
from blog.models.post import Post
from blog.models.redirect import Redirect
from blog.models.visibility import visible


class CategoryQuerySet(models.QuerySet["Category"]):
    def published(self) -> "CategoryQuerySet":
        """Those with at least one post that the public may see now."""
        with_posts = self.model._default_manager.filter(visible("posts__"), pk=OuterRef("pk"))
        return self.filter(Exists(with_posts))

    def with_counts(self) -> "CategoryQuerySet":
        """Adds `published_count`, the number of posts that the public may see now."""
        newest = Mark.objects.newest(_list_of(OuterRef("pk")))
        newest_within = Mark.objects.newest(_list_of(OuterRef(OuterRef("pk"))))
        above = Place.objects.of(_list_of(OuterRef("pk"))).above(newest_within).order_by()
        marked = Subquery(newest.values("number"))
        counted = Subquery(above.values("list").annotate(count=Count("*")).values("count"))
        return self.annotate(published_count=Coalesce(marked, 0) + Coalesce(counted, 0))

    def with_totals(self) -> "CategoryQuerySet":
        """Adds `total_count`, the number of posts in whatever state."""
        links: Any = Post.categories.through.objects.filter(category=OuterRef("pk")).order_by()
        counted = links.values("category").annotate(number=Count("pk")).values("number")
        return self.annotate(total_count=Coalesce(Subquery(counted), 0))

    def locked(self) -> "CategoryQuerySet":
        """In one order for everybody, so that two who meet wait instead of deadlocking."""
        return self.order_by("pk").select_for_update()

    def delete(self) -> tuple[int, dict[str, int]]:
        """Row by row, since each refuses where something hangs on it."""
        with transaction.atomic(using=self.db):
            deleted = sum((Counter(category.delete()[1]) for category in self), Counter())
        return deleted.total(), dict(deleted)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def known_as(self, slugs: Iterable[str]) -> "CategoryQuerySet":
        """Those with these slugs, now or once: an old one leads where its old address leads."""
        held = set(self.filter(slug__in=slugs).values_list("slug", flat=True))
        old_paths = [unquote(Category(slug=slug).get_absolute_url()) for slug in {*slugs} - held]
        led_to = Redirect.objects.filter(old_path__in=old_paths).values("category")
        return self.filter(Q(slug__in=slugs) | Q(pk__in=led_to))


def _list_of(key: OuterRef) -> Concat:
    """The name of a category's list, in the database's own words."""
    return Concat(Value("category:"), Cast(key, models.CharField()))


class Category(Addressed):
    page = "blog:category"

    name = Line(
        _("name"), max_length=80, unique=True, help_text=_("What readers see above a post.")
    )
    description = Prose(
        _("description"),
        blank=True,
        help_text=_("One or two sentences at the top of the category's page."),
    )
    order = models.PositiveSmallIntegerField(
        _("order"),
        default=0,
        db_index=True,
        help_text=_("Small numbers come first; equal ones by name."),
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name

    def slug_source(self) -> str:
        return self.name

    def move(self, by: int) -> None:
        """Change places with the category `by` steps further down the list, or up if negative."""
        with transaction.atomic():
            list(Category.objects.locked())
            rows = list(Category.objects.all())
            if self not in rows:
                return  # somebody else deleted it a moment ago
            here = rows.index(self)
            there = min(max(here + by, 0), len(rows) - 1)
            rows.insert(there, rows.pop(here))
            for order, row in enumerate(rows, start=1):
                if row.order != order:
                    Category.objects.filter(pk=row.pk).update(order=order)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises ProtectedError where it would take posts' categories or readers' topics along."""
        if self.is_used():
            text = gettext(
                "“%(category)s” has posts or readers: it is not deleted but merged into another."
            ) % {"category": self}
            raise models.ProtectedError(text, {self})
        return super().delete(*args, **kwargs)

    def is_used(self) -> bool:
        """Whether posts or readers' topics hang on it; old addresses and links may go with it."""
        return any(
            key.model._base_manager.filter(**{key.name: self}).exists()
            for key in _keys_to_category()
            if key.model not in {Redirect, Link}
        )

    @transaction.atomic
    def merge_into(self, target: "Category") -> None:
        """Hand everything that belongs to this category to `target`, and lead readers there.

        What else points at categories is asked of the models, so that this room need not know who
        they are. Raises Category.DoesNotExist where somebody else merged or deleted one of the two.
        """
        if target == self:
            raise ValueError("A category cannot be merged into itself.")
        if len(Category.objects.locked().filter(pk__in=[self.pk, target.pk])) < 2:
            raise Category.DoesNotExist
        for key in _keys_to_category():
            mine = key.model._base_manager.filter(**{key.name: self})
            _forget_doubles(mine, key, target)
            mine.update(**{key.name: target})
        Redirect.objects.remember(self.get_absolute_url(), target)
        self.delete()


def _keys_to_category() -> Iterator[Any]:
    """Every foreign key to a category, those in the tables of many-to-many relations included."""
    for relation in Category._meta.get_fields(include_hidden=True):
        if relation.one_to_many or relation.one_to_one:
            yield relation.field  # type: ignore[union-attr]


def _forget_doubles(mine: models.QuerySet, key: models.ForeignKey, target: Category) -> None:
    """Delete those of `mine` that the target has too, where it may have only one of them."""
    for names in _unique_together(key.model):
        if key.name in names:
            same = {name: OuterRef(name) for name in names if name != key.name}
            twins = key.model._base_manager.filter(**{key.name: target}, **same)
            mine.filter(Exists(twins)).delete()


def _unique_together(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    yield from (tuple(names) for names in model._meta.unique_together)
    yield from (tuple(constraint.fields) for constraint in model._meta.total_unique_constraints)
    yield from ((field.name,) for field in model._meta.concrete_fields if field.unique)
