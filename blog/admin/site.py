"""The site's own settings, and old addresses that lead somewhere."""

from math import floor
from typing import Any
from urllib.parse import unquote

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import OneRowRoom, Room
from blog.admin.links import Foot, Navigation, Social
from blog.colours import DARK_GROUNDS, HEX, LEAST, LIGHT_GROUNDS, least_contrast, readable
from blog.links import own_path
from blog.models import Redirect, Site

NAMES = ("name", "tagline")
LOOKS = ("accent", "logo", "logo_dark", "icon", "foot")
LETTERS = ("signups_open", "postal_address")
MAIL = ("sender_name", "sender_email", "reply_to")
# No style may stand in a page; a drawing has its colours as attributes.
SHADE = (
    '<svg class="shade" viewBox="0 0 150 44" width="150" height="44" role="img" '
    'aria-label="{0}, {2}">'
    '<rect width="150" height="44" rx="3" fill="{1}"/><text x="12" y="27" fill="{0}">{0}</text>'
    '<text x="138" y="27" fill="{0}" text-anchor="end">{2}</text></svg> '
)


class SiteForm(forms.ModelForm):
    class Meta:
        model = Site
        fields = [*NAMES, *LOOKS, *LETTERS, *MAIL]
        widgets = {"accent": forms.TextInput(attrs={"type": "color"})}

    def clean_accent(self) -> str:
        """Refuses what nobody could read on the light page; the shade for the dark is ours."""
        colour = self.cleaned_data["accent"].lower()
        if not HEX.fullmatch(colour):
            return colour  # the model says what is wrong with it
        found = least_contrast(colour, LIGHT_GROUNDS)
        if found < LEAST:
            text = _(
                "%(colour)s cannot be read on the light page: its contrast is %(found)s : 1, and "
                "text needs at least %(least)s : 1. The nearest colour that has it is %(nearest)s."
            )
            figures = {
                "colour": colour,
                # Rounded down, or 4.46 would look as if it were enough.
                "found": number_format(floor(found * 10) / 10, 1),
                "least": number_format(LEAST, 1),
                "nearest": readable(colour, LIGHT_GROUNDS),
            }
            raise ValidationError(text, params=figures)
        return colour


@admin.register(Site)
class SiteAdmin(OneRowRoom):
    form = SiteForm
    inlines = [Navigation, Foot, Social]
    readonly_fields = ["shades"]
    fieldsets = [
        (None, {"fields": ["name", "tagline"]}),
        (_("Looks"), {"fields": ["accent", "shades", "logo", "logo_dark", "icon", "foot"]}),
        (_("Being found"), {"fields": ["ai_crawlers"]}),
        (_("Newsletter"), {"fields": ["signups_open", "postal_address"]}),
        (_("Mail"), {"fields": ["sender_name", "sender_email", "reply_to"]}),
    ]

    @admin.display(description=_("on both pages"))
    def shades(self, site: Site) -> SafeString:
        """What the accent looks like, and how far it stands out."""
        pairs = zip(site.colours, (LIGHT_GROUNDS, DARK_GROUNDS), strict=True)
        return format_html_join("", SHADE, [_shade(colour, grounds) for colour, grounds in pairs])


class RedirectForm(forms.ModelForm):
    class Meta:
        model = Redirect
        fields = ["old_path", "to_path", "post", "category", "author", "page", "series"]

    def clean_old_path(self) -> str:
        """As a request carries it, however it was copied."""
        return unquote(self.cleaned_data["old_path"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        new = own_path(cleaned["to_path"]) if cleaned.get("to_path") else None
        if new and self._leads_on(cleaned.get("old_path", ""), new):
            raise ValidationError(
                gettext("The new address leads somewhere else itself. Name the last one.")
            )
        return cleaned

    def _leads_on(self, old: str, new: str) -> bool:
        """A redirect to a redirect could lead round in a circle."""
        others = Redirect.objects.exclude(pk=self.instance.pk)
        return new.rstrip("/") == old.rstrip("/") or others.target_of(new) is not None


@admin.register(Redirect)
class RedirectAdmin(Room):
    form = RedirectForm
    list_display = ["old_path", "leads_to", "created_at"]
    list_select_related = ["post", "category", "author", "page", "series"]
    search_fields = ["old_path", "to_path"]
    autocomplete_fields = ["post", "category", "author", "page", "series"]
    sortable_by = ()
    fieldsets = [
        (None, {"fields": ["old_path"]}),
        (
            _("Leads to one of these"),
            {
                "fields": ["to_path", "post", "category", "author", "page", "series"],
                "description": _(
                    "Choose a post, a category, an author, a page or a series and the address "
                    "stays right when that is renamed. For anything else write the new address."
                ),
            },
        ),
    ]

    @admin.display(description=_("leads to"))
    def leads_to(self, redirect: Redirect) -> str:
        text = redirect.post or redirect.page
        if text and not text.is_public:
            return gettext("%(title)s (not public)") % {"title": text}
        return redirect.row.get_absolute_url() if redirect.row else redirect.to_path


def _shade(colour: str, grounds: tuple[str, ...]) -> tuple[str, str, str]:
    found = least_contrast(colour, grounds)
    return colour, grounds[0], f"{number_format(floor(found * 10) / 10, 1)} : 1"
