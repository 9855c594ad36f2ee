"""Pages: about, contact, a colophon."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

import blog.converters  # noqa: F401 (which makes `row` known)
from blog.admin.base import Room, label, page_of, renderable
from blog.admin.shared_form import SharedForm
from blog.models import Link, Page, Redirect


class PageForm(SharedForm):
    class Meta:
        model = Page
        fields = ["title", "slug", "body", "status", "meta_description"]
        widgets = {"status": forms.RadioSelect}

    def clean_body(self) -> str:
        return renderable(self.cleaned_data["body"])


@admin.register(Page)
class PageAdmin(Room):
    form = PageForm
    # A page takes its old addresses and the links to it along.
    goes_along = (Redirect, Link)
    locks_rows = True
    list_display = ["title", "state", "slug", "edited"]
    search_fields = ["title"]
    sortable_by = ()
    fieldsets = [
        (None, {"fields": ["title", "body"], "classes": ["writing"]}),
        (_("Publishing"), {"fields": ["status", "slug"]}),
        (_("Search engines"), {"fields": ["meta_description"], "classes": ["collapse"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview_view)
        return [path("<row:pk>/preview/", preview, name="blog_page_preview"), *super().get_urls()]

    def get_view_on_site_url(self, obj: Page | None = None) -> str | None:
        return page_of(obj)

    def formfield_for_dbfield(self, db_field: models.Field, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "body":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 24, "class": "writing-field"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The stored page as readers would see it. Only who may open it here sees it."""
        page = self.get_object(request, str(pk))
        if not self.has_view_or_change_permission(request, page):
            raise PermissionDenied
        return TemplateResponse(request, "blog/page.html", {"page": page, "is_preview": True})

    @admin.display(description=_("status"))
    def state(self, page: Page) -> SafeString:
        return label(page.status, page.get_status_display())

    @admin.display(description=_("edited"))
    def edited(self, page: Page) -> str:
        return date_format(localtime(page.updated_at), "SHORT_DATE_FORMAT")
