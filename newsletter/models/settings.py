"""What whoever runs the newsletter decides about it."""

from django.db import models

from blog.models import Category
from blog.models.one_row import OneRow


class NewsletterSettings(OneRow):
    offers_topics = models.BooleanField(
        "categories can be chosen at sign-up",
        default=False,
        help_text="The form on the newsletter's page then asks which categories a reader wants. "
        "The short form under each post always signs up for everything.",
    )

    class Meta(OneRow.Meta):
        verbose_name = verbose_name_plural = "settings"

    def __str__(self) -> str:
        return "Newsletter"

    def offered_topics(self) -> list[Category]:
        """What the form asks about: only what a visitor could find on our pages anyway."""
        return list(Category.objects.published()) if self.offers_topics else []
