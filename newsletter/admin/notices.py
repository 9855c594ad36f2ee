"""Mail to single readers, so that one sees what failed and why."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from blog.admin.base import ReadOnlyRoom, label
from blog.admin.filters import ByChoice, ByStatus
from newsletter.models import Notice


class ByKind(ByChoice):
    title = _("kind")
    parameter_name = "kind"


@admin.register(Notice)
class NoticeAdmin(ReadOnlyRoom):
    list_display = ["kind", "subscriber", "outcome", "created_at", "reply"]
    list_select_related = ["subscriber"]
    list_filter = [ByStatus, ByKind]
    sortable_by = ()
    ordering = ["-pk"]
    fields = [
        "kind",
        "subscriber",
        "status",
        "created_at",
        "due_at",
        "settled_at",
        "attempts",
        "reply",
    ]

    @admin.display(description=_("status"))
    def outcome(self, notice: Notice) -> SafeString:
        return label(notice.status, notice.get_status_display())
