"""The writing form of a post: what is refused."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext

from blog import languages
from blog.admin.base import renderable
from blog.admin.shared_form import SharedForm
from blog.models import Post


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
        self._check_translation(cleaned)
        return cleaned

    def _check_translation(self, cleaned: dict[str, Any]) -> None:
        """One first post and its translations, each in another language."""
        first = cleaned.get("translation_of")
        if first is None:
            return
        if first.translation_of_id:  # of a translation: then of what that translates
            first = cleaned["translation_of"] = first.translation_of
        if first == self.instance:
            self.add_error("translation_of", gettext("A post cannot translate itself."))
        elif self.instance.pk and self.instance.translations.exists():
            text = gettext(
                "Other posts translate this one, so it is the first and translates none."
            )
            self.add_error("translation_of", text)
        elif self._is_taken(first, cleaned.get("language", "")):
            text = gettext("There is “%(title)s” in this language already, or another translation.")
            self.add_error("language", text % {"title": first})

    def _is_taken(self, first: Post, language: str) -> bool:
        others = first.translations.exclude(pk=self.instance.pk)
        taken = {first.language, *others.values_list("language", flat=True)}
        return languages.or_site(language) in {languages.or_site(code) for code in taken}
