"""Fields of the newsroom's forms, where what Django draws says too little."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AdminFileWidget, AutocompleteSelect
from django.core.exceptions import ValidationError
from django.forms import Media, ModelMultipleChoiceField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext


def is_number(text: str) -> bool:
    """Whether `text` can be the number of a row; a database chokes on thirty digits."""
    return text.isascii() and text.isdecimal() and len(text) < 19


class RowsField(ModelMultipleChoiceField):
    """Refuses what is no number of a row before a database sees it."""

    def clean(self, value: Any) -> Any:
        for pk in value or ():
            if not is_number(str(pk)):
                odd = self.error_messages["invalid_pk_value"]
                raise ValidationError(odd, code="invalid_pk_value", params={"pk": pk})
        return super().clean(value)


class RowChoice(AutocompleteSelect):
    """Draws a form again whatever was sent to it."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> list:
        return super().optgroups(name, [pk for pk in value if is_number(str(pk))], attr)


class Autocomplete(RowChoice):
    """Says what it is for, to the eye while nothing is chosen and to the ear always."""

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        name = self.field.remote_field.model._meta.verbose_name
        attrs = super().build_attrs(*args, **kwargs)
        return attrs | {
            "data-placeholder": gettext("No %(name)s chosen") % {"name": name},
            "data-dropdown-parent": "main",
        }

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
