"""What a list of subscribers is brought in with: the file, and how its people agreed to what."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.fields import Line
from newsletter.models import ImportFile, Terms

# About a hundred thousand lines; longer lists come in by the command.
MOST_BYTES = 5 * 2**20
WIDE = {"class": "vTextField"}


class ImportForm(forms.Form):
    file = forms.FileField(label=_("CSV file"))
    source = forms.CharField(
        label=_("How did these people agree?"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=WIDE),
        help_text=_(
            "For example: double opt-in at letters.example, 2019 to 2026. It stands in the "
            "consent log of each of them. Leave it empty, and each is asked by mail first."
        ),
    )
    terms = forms.ModelChoiceField(
        Terms.objects.none(),
        label=_("To which terms?"),
        required=False,
        empty_label=_("Those written below, or none"),
        to_field_name="version",
    )
    version = forms.CharField(
        label=_("Other terms: their name"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=WIDE),
        help_text=_(
            "Where they agreed to terms of another list: a short name such as letters-2019."
        ),
    )
    text = forms.CharField(
        label=_("Other terms: their words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=_(
            "Kept for good and readable at an address of their own, but never the terms that "
            "your new readers agree to."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = gettext(
            "A column of addresses is enough. At most %(size)s; longer lists come in by manage.py "
            "import_subscribers."
        )
        self.fields["file"].help_text = text % {"size": filesizeformat(MOST_BYTES)}
        self.fields["terms"].queryset = Terms.objects.published().defer("text", "html")  # type: ignore[attr-defined]

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(
                gettext(
                    "The file is larger than %(size)s. Import it by manage.py import_subscribers."
                )
                % {"size": filesizeformat(MOST_BYTES)}
            )
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        known, version, text = (cleaned.get(name) for name in ("terms", "version", "text"))
        if bool(version) != bool(text):
            raise ValidationError(gettext("Other terms need both a name and their words."))
        if known and version:
            raise ValidationError(gettext("Choose terms or write others down, not both."))
        if bool(cleaned.get("source")) != bool(known or version):
            raise ValidationError(
                gettext(
                    "How they agreed and to which terms belong together. Leave both empty to ask "
                    "them."
                )
            )
        return cleaned

    def brought(self, user: Any) -> ImportFile:
        data = self.cleaned_data
        return ImportFile(
            author=user,
            name=Line().to_python(data["file"].name)[:255],
            data=data["file"].read(),
            source=Line().to_python(data["source"]),
            version=data["terms"].version if data["terms"] else Line().to_python(data["version"]),
            text=data["text"],
        )
