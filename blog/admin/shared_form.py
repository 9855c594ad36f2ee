"""A form on which two people may be working at once, and do not overwrite each other."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext

from blog.text import clean


@dataclass
class Conflict:
    """What somebody else stored while this form was open."""

    last: LogEntry | None
    stamp: str
    # Label and stored text of each field in which the two versions differ.
    theirs: list[tuple[str, str]]


class SharedForm(forms.ModelForm):
    """Its template includes `admin/_conflict.html`; its room locks the row on a POST."""

    # Stands for all that the row held when this form was opened.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    # The stamp of the other version, once its reader has decided to replace it.
    replace = forms.CharField(required=False, widget=forms.HiddenInput)

    conflict: Conflict | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stamp = self._stamp() if self.instance.pk else ""
        self.initial["seen"] = self.stamp

    @cached_property
    def changed_data(self) -> list[str]:
        """Without texts that only came back with a browser's line ends."""
        return [name for name in super().changed_data if not self._is_same_text(name)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self._is_overtaken():
            self.conflict = self._describe()
            name = self._meta.model._meta.verbose_name
            self.add_error(
                None,
                gettext("This %(name)s was saved by somebody else while you were writing.")
                % {"name": name},
            )
        return cleaned

    def _is_same_text(self, name: str) -> bool:
        sent, stored = self[name].data, self.initial.get(name)
        return isinstance(sent, str) and isinstance(stored, str) and clean(sent) == clean(stored)

    def _stamp(self) -> str:
        """A hash of every stored value that this form shows, the settings beside the text too."""
        stored = {
            name: sorted(row.pk for row in value) if isinstance(value, list) else str(value)
            for name, value in self.initial.items()
            if name in self.fields
        }
        return hashlib.sha256(repr(sorted(stored.items())).encode()).hexdigest()

    def _stored(self, name: str) -> str:
        match self.initial.get(name):
            case list() as rows:
                return ", ".join(map(str, rows))
            case datetime() as moment:
                return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
            case value:
                return str(value or "–")

    def _is_overtaken(self) -> bool:
        data = self.cleaned_data
        if not self.instance.pk or self.stamp in {data.get("seen"), data.get("replace")}:
            return False
        # The same text once more, as after a double click, takes nothing from anybody.
        return bool(set(self.changed_data) - {"seen", "replace"})

    def _describe(self) -> Conflict:
        kind = ContentType.objects.get_for_model(self.instance)
        log = LogEntry.objects.filter(content_type=kind, object_id=self.instance.pk)
        return Conflict(
            last=log.select_related("user").order_by("-action_time").first(),
            stamp=self.stamp,
            theirs=[
                (str(self.fields[name].label), self._stored(name))
                for name in self.changed_data
                if name not in {"seen", "replace"}
            ],
        )
