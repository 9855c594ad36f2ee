"""Terms & conditions: drafts are written here, published versions stay as they are."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import Room, label, renderable
from newsletter.models import Terms


class TermsForm(forms.ModelForm):
    class Meta:
        model = Terms
        fields = ["version", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 28, "class": "writing-field"})}

    def clean_text(self) -> str:
        return renderable(self.cleaned_data["text"])


@admin.register(Terms)
class TermsAdmin(Room):
    form = TermsForm
    list_display = ["version", "state", "published_at"]
    fieldsets = [(None, {"fields": ["version", "text"], "classes": ["writing"]})]
    ordering = [F("published_at").desc(nulls_first=True), "-pk"]
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        current = Subquery(Terms.objects.published().own().values("pk")[:1])
        return super().get_queryset(request).annotate(is_current=Q(pk=current))

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(self.publish_view)
        return [
            path("<int:pk>/publish/", publish, name="newsletter_terms_publish"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_open(obj)

    def get_view_on_site_url(self, obj: Terms | None = None) -> str | None:
        return obj.get_absolute_url() if obj and obj.is_published else None

    def response_add(
        self, request: HttpRequest, obj: Terms, post_url_continue: str | None = None
    ) -> HttpResponse:
        text = gettext(
            "It is a draft: readers go on agreeing to the current terms until you publish it."
        )
        self.message_user(request, text, messages.INFO)
        return super().response_add(request, obj, post_url_continue)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new version starts as the current one."""
        current = Terms.objects.current()
        return {
            "version": f"{timezone.localdate():%Y-%m-%d}",
            "text": current.text if current else "",
        }

    @admin.display(description=_("status"))
    def state(self, terms: Any) -> SafeString:
        if not terms.is_published:
            return label("draft", gettext("Draft"))
        if terms.kind == Terms.Kind.EXTERNAL:
            return label("off", terms.get_kind_display())
        return (
            label("published", gettext("Current"))
            if terms.is_current
            else label("off", gettext("Earlier"))
        )

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what publishing does; on POST, do it."""
        terms: Any = self.get_object(request, str(pk))
        back = HttpResponseRedirect(reverse("admin:newsletter_terms_changelist"))
        if terms.is_published:
            return back
        if not self.has_change_permission(request, terms):
            raise PermissionDenied
        if request.method == "POST":
            self._publish(request, pk)
            return back
        context = self.admin_site.each_context(request) | {
            "title": gettext("Publish version %(version)s") % {"version": terms.version},
            "opts": self.opts,
            "original": terms,
            "current": Terms.objects.current(),
        }
        return TemplateResponse(request, "admin/newsletter/terms/publish.html", context)

    @transaction.atomic
    def _publish(self, request: HttpRequest, pk: int) -> None:
        # Locked, so that a double click publishes once.
        terms = Terms.objects.select_for_update().get(pk=pk)
        if not terms.is_published:
            terms.publish()
            self.log_change(request, terms, gettext("Published."))
            text = gettext("Version %(version)s is what new subscribers agree to from now on.") % {
                "version": terms.version
            }
            self.message_user(request, text, messages.SUCCESS)


def _is_open(terms: models.Model | None) -> bool:
    return not (isinstance(terms, Terms) and terms.is_published)
