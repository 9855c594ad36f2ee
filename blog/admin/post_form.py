"""The writing form of a post: what is refused."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext

from blog.admin.base import renderable
from blog.admin.shared_form import SharedForm
from blog.models import Post
from blog.translations import check_translation


class PostForm(SharedForm):
    class Meta:
        model = Post
        fields = [
            "title",
            "slug",
            "summary",
            "body",
            "cover",
            "cover_alt",
            "author",
            "categories",
            "series",
            "series_position",
            "status",
            "published_at",
            "featured",
            "language",
            "translation_of",
            "canonical_url",
            "meta_title",
            "meta_description",
        ]
        widgets = {"status": forms.RadioSelect}

    def clean_body(self) -> str:
        return renderable(self.cleaned_data["body"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("cover") and "cover_alt" in cleaned and not cleaned["cover_alt"]:
            self.add_error(
                "cover_alt",
                gettext("Please say what the picture shows, for those who cannot see it."),
            )
        if cleaned.get("status") == Post.Status.PUBLISHED and not cleaned.get("published_at"):
            # As Post.save() would, only before the constraint is checked.
            cleaned["published_at"] = timezone.now()
        if first := cleaned.get("translation_of"):
            first = cleaned["translation_of"] = first.translation_of or first
            check_translation(self.instance, first, cleaned.get("language", ""))
        return cleaned
