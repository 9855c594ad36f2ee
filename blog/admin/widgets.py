"""Fields of the newsroom's forms, where what Django draws says too little."""

from typing import Any

from django.contrib.admin.widgets import AdminFileWidget, AutocompleteSelect
from django.forms import Media
from django.utils.html import format_html
from django.utils.safestring import SafeString


class Autocomplete(AutocompleteSelect):
    """Says what it is for, to the eye while nothing is chosen and to the ear always."""

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        name = self.field.remote_field.model._meta.verbose_name
        attrs = super().build_attrs(*args, **kwargs)
        return attrs | {"data-placeholder": f"No {name} chosen", "data-dropdown-parent": "main"}

    @property
    def media(self) -> Media:
        return super().media + Media(js=["admin/js/autocomplete.js", "blog/autocomplete.js"])


class PictureInput(AdminFileWidget):
    """Shows the picture that there is, since its name in storage says nothing to anybody."""

    def render(self, name: str, value: Any, *args: Any, **kwargs: Any) -> SafeString:
        chooser = super().render(name, value, *args, **kwargs)
        if not self.is_initial(value):
            return chooser
        alt = getattr(value.instance, f"{value.field.name}_alt", "")
        shown = '<img class="picture-now" src="{}" alt="{}">{}'
        return format_html(shown, value.small_url, alt, chooser)
