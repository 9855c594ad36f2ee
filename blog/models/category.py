"""What posts are about."""

from django.db import models
from django.db.models import Count, Exists, OuterRef
from django.urls import reverse

from blog.fields import Line, Prose
from blog.models.addressed import Addressed
from blog.models.visibility import visible


class CategoryQuerySet(models.QuerySet["Category"]):
    def published(self) -> "CategoryQuerySet":
        """Those with at least one post that the public may see now."""
        with_posts = self.model._default_manager.filter(visible("posts__"), pk=OuterRef("pk"))
        return self.filter(Exists(with_posts))

    def with_counts(self) -> "CategoryQuerySet":
        """Adds `published_count`, the number of posts that the public may see now."""
        return self.annotate(published_count=Count("posts", filter=visible("posts__")))


class Category(Addressed):
    name = Line(max_length=80, unique=True, help_text="What readers see above a post.")
    description = Prose(
        blank=True, help_text="One or two sentences at the top of the category's page."
    )
    order = models.PositiveSmallIntegerField(
        default=0, db_index=True, help_text="Small numbers come first; equal ones by name."
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("blog:category", args=[self.slug])

    def slug_source(self) -> str:
        return self.name
