"""Terms & conditions: drafts are written here, published versions stay as they are."""

from django.contrib import admin
from django.http import HttpRequest

from blog.admin.base import Room
from newsletter.models import Terms


@admin.register(Terms)
class TermsAdmin(Room):
    list_display = ["version", "published_at"]
    fields = ["version", "text"]
    sortable_by = ()

    def has_change_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)
