"""The site's own settings, and old addresses that lead somewhere."""

from typing import Any
from urllib.parse import unquote

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from blog.admin.base import OneRowRoom, Room
from blog.links import own_path
from blog.models import Redirect, Site


@admin.register(Site)
class SiteAdmin(OneRowRoom):
    fieldsets = [
        (None, {"fields": ["name", "tagline"]}),
        ("Newsletter", {"fields": ["signups_open", "postal_address"]}),
        ("Mail", {"fields": ["sender_name", "sender_email", "reply_to"]}),
    ]


class RedirectForm(forms.ModelForm):
    class Meta:
        model = Redirect
        fields = ["old_path", "to_path", "post", "category", "author", "series"]

    def clean_old_path(self) -> str:
        """As a request carries it, however it was copied."""
        return unquote(self.cleaned_data["old_path"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        new = own_path(cleaned["to_path"]) if cleaned.get("to_path") else None
        if new and self._leads_on(cleaned.get("old_path", ""), new):
            raise ValidationError("The new address leads somewhere else itself. Name the last one.")
        return cleaned

    def _leads_on(self, old: str, new: str) -> bool:
        """A redirect to a redirect could lead round in a circle."""
        others = Redirect.objects.exclude(pk=self.instance.pk)
        return new.rstrip("/") == old.rstrip("/") or others.target_of(new) is not None


@admin.register(Redirect)
class RedirectAdmin(Room):
    form = RedirectForm
    list_display = ["old_path", "leads_to", "created_at"]
    list_select_related = ["post", "category", "author", "series"]
    search_fields = ["old_path", "to_path"]
    autocomplete_fields = ["post", "category", "author", "series"]
    sortable_by = ()
    fieldsets = [
        (None, {"fields": ["old_path"]}),
        (
            "Leads to one of these",
            {
                "fields": ["to_path", "post", "category", "author", "series"],
                "description": _(
                    "Choose a post, a category, an author or a series and the address stays right "
                    "when that is renamed. For anything else write the new address."
                ),
            },
        ),
    ]

    @admin.display(description="leads to")
    def leads_to(self, redirect: Redirect) -> str:
        if redirect.post and not redirect.post.is_public:
            return f"{redirect.post} (not public)"
        return redirect.row.get_absolute_url() if redirect.row else redirect.to_path
