"""Mail to single readers, so that one sees what failed and why."""

from django.contrib import admin

from blog.admin.base import ReadOnlyRoom
from newsletter.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnlyRoom):
    list_display = ["subscriber", "kind", "status", "created_at", "attempts", "reply"]
    list_select_related = ["subscriber"]
    sortable_by = ()
    ordering = ["-created_at", "-pk"]
    fields = ["subscriber", "kind", "status", "created_at", "due_at", "settled_at", "attempts"]
