"""Ways to narrow the list of subscribers."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from blog.models import Category
from newsletter.models import Terms


class ByTopic(SimpleListFilter):
    title = "topic"
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = [(str(topic.pk), topic.name) for topic in Category.objects.all()]
        return [("everything", "Everything"), *chosen]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case None:
                return queryset
            case "everything":
                return queryset.filter(receives_everything=True)
        return queryset.filter(receives_everything=False, topics=self.value())


class ByTerms(SimpleListFilter):
    title = "terms"
    parameter_name = "terms"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(terms.pk), terms.version) for terms in Terms.objects.published()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(terms=self.value()) if self.value() else queryset
