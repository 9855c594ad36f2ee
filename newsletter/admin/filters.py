"""Ways to narrow the list of subscribers."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.filters import ByRow, named
from blog.models import Category
from newsletter.models import Terms


class ByTopic(ByRow):
    title = _("topic")
    parameter_name = "topic"
    relation = "topics"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("everything", gettext("Everything")), *named(Category.objects.all())]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case None:
                return queryset
            case "everything":
                return queryset.filter(receives_everything=True)
        return super().queryset(request, queryset.filter(receives_everything=False))


class ByTerms(ByRow):
    title = _("terms")
    parameter_name = relation = "terms"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(terms.pk), terms.version) for terms in Terms.objects.published()]


class ByIssueState(SimpleListFilter):
    """By status, where "sent" is told from what is still on its way."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("drafts", gettext("Draft")),
            ("scheduled", gettext("Scheduled")),
            ("unfinished", gettext("Sending")),
            ("paused", gettext("Paused")),
            ("finished", gettext("Sent")),
            ("cancelled", gettext("Cancelled")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        words = {value for value, _ in self.lookup_choices}
        return getattr(queryset, str(self.value()))() if self.value() in words else queryset
