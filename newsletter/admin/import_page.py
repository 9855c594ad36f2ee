"""Bringing a list of subscribers in: a form, then what would happen, then the button."""

import logging
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from blog.fields import Line
from newsletter.admin.history import log
from newsletter.imports import uploads
from newsletter.imports.report import report
from newsletter.imports.run import Running
from newsletter.imports.table import TableFault
from newsletter.models import ImportFile, Terms
from newsletter.tasks import import_list

if TYPE_CHECKING:
    from newsletter.admin.subscribers import SubscriberAdmin

logger = logging.getLogger("pennypost.subscribers")

# About a hundred thousand lines; longer lists come in by the command.
MOST_BYTES = 5 * 2**20
# More than these are left to the worker.
MOST_AT_ONCE = 10_000
WIDE = {"class": "vTextField"}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text=f"A column of addresses is enough. At most {filesizeformat(MOST_BYTES)}; longer "
        "lists come in by manage.py import_subscribers.",
    )
    source = forms.CharField(
        label="How did these people agree?",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=WIDE),
        help_text="For example: double opt-in at letters.example, 2019 to 2026. It stands in the "
        "consent log of each of them. Leave it empty, and each is asked by mail first.",
    )
    terms = forms.ModelChoiceField(
        Terms.objects.none(),
        label="To which terms?",
        required=False,
        empty_label="Those written below, or none",
        to_field_name="version",
    )
    version = forms.CharField(
        label="Other terms: their name",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=WIDE),
        help_text="Where they agreed to terms of another list: a short name such as letters-2019.",
    )
    text = forms.CharField(
        label="Other terms: their words",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text="Kept for good and readable at an address of their own, but never the terms that "
        "your new readers agree to.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].queryset = Terms.objects.published().defer("text", "html")  # type: ignore[attr-defined]

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(
                f"The file is larger than {filesizeformat(MOST_BYTES)}. "
                "Import it by manage.py import_subscribers."
            )
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        known, version, text = (cleaned.get(name) for name in ("terms", "version", "text"))
        if bool(version) != bool(text):
            raise ValidationError("Other terms need both a name and their words.")
        if known and version:
            raise ValidationError("Choose terms or write others down, not both.")
        if bool(cleaned.get("source")) != bool(known or version):
            raise ValidationError(
                "How they agreed and to which terms belong together. Leave both empty to ask them."
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


class ImportPage:
    def __init__(self, room: "SubscriberAdmin") -> None:
        self.room = room

    def urls(self) -> list[URLPattern]:
        wrap = self.room.admin_site.admin_view
        name = "newsletter_subscriber_import"
        return [
            path("import/", wrap(self.bring), name=name),
            path("import/<int:pk>/", wrap(self.decide), name=f"{name}_decide"),
        ]

    def may(self, request: HttpRequest) -> bool:
        may = request.user.has_perm("newsletter.import_subscriber")
        return may and self.room.has_view_permission(request)

    def bring(self, request: HttpRequest) -> HttpResponse:
        """Take the file in; nothing of it is imported yet."""
        if not self.may(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = ImportForm(request.POST, request.FILES) if is_sent else ImportForm()
        if is_sent and form.is_valid():
            brought = form.brought(request.user)
            try:
                uploads.terms_of(brought, dry=True)
            except ValidationError as fault:
                form.add_error(None, ValidationError(fault.messages))
            else:
                brought.save()
                url = reverse("admin:newsletter_subscriber_import_decide", args=[brought.pk])
                return HttpResponseRedirect(url)
        return self._page(request, "import.html", form=form)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would happen; on POST, let it happen."""
        if not self.may(request):
            raise PermissionDenied
        brought = get_object_or_404(ImportFile, pk=pk, author=request.user, queued_at=None)
        try:
            run, counts, said = uploads.rehearse(brought)
            if request.method == "POST":
                return self._import(request, brought, counts.total())
        except (TableFault, Running) as fault:
            brought.delete()
            self.room.message_user(request, str(fault), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:newsletter_subscriber_import"))
        lines = list(report(run, counts))
        more = max(0, counts["refused"] - len(said))
        context = {"brought": brought, "lines": lines, "refused": said, "more": more}
        return self._page(request, "import_decide.html", **context)

    def _import(self, request: HttpRequest, brought: ImportFile, number: int) -> HttpResponse:
        log(request, None, ADDITION, f"Imported the list {brought.name}.")
        logger.info("User %s imports a list of %s lines.", request.user.pk, number)
        if number <= MOST_AT_ONCE:
            run = uploads.carry_out(brought)
            text = "; ".join(line.strip() for line in report(run, run.counts))
            self.room.message_user(request, f"{text}. This was import {run.batch.pk}.")
        else:
            with transaction.atomic():
                brought.queued_at = timezone.now()
                brought.save(update_fields=["queued_at"])
                transaction.on_commit(lambda: import_list.enqueue(brought.pk), robust=True)
            text = "The list is being imported. Its people appear here within some minutes."
            self.room.message_user(request, text)
        return HttpResponseRedirect(reverse("admin:newsletter_subscriber_changelist"))

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        context |= self.room.admin_site.each_context(request)
        context |= {"title": "Import subscribers", "opts": self.room.opts}
        return TemplateResponse(request, f"admin/newsletter/subscriber/{template}", context)
