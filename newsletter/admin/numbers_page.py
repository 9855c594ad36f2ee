"""How the circle of readers grows and shrinks, topic by topic; and the proof of one consent."""

import csv
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from newsletter.charts import growth_bars
from newsletter.churn import topics
from newsletter.exports import guarded
from newsletter.models import Consent, Terms

if TYPE_CHECKING:
    from newsletter.admin.subscribers import SubscriberAdmin

SPANS = (30, 90, 365)


class NumbersPage:
    def __init__(self, room: "SubscriberAdmin") -> None:
        self.room = room

    def urls(self) -> list[URLPattern]:
        wrap = self.room.admin_site.admin_view
        return [
            path("numbers/", wrap(self.page), name="newsletter_subscriber_numbers"),
            path("numbers.csv", wrap(self.table), name="newsletter_subscriber_numbers_csv"),
            path("<int:pk>/proof/", wrap(self.proof), name="newsletter_subscriber_proof"),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        days = self._span(request)
        shown = [(topic, growth_bars(topic.growth)) for topic in topics(days)]
        context = {"title": "Readers in numbers", "topics": shown, "days": days, "spans": SPANS}
        return self._render(request, "numbers", context)

    def table(self, request: HttpRequest) -> HttpResponse:
        """Day by day, for a spreadsheet."""
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="readers.csv"'
        write = csv.writer(response).writerow
        write(["date", "topic", "came", "left"])
        for topic in topics(self._span(request)):
            for day in topic.growth.days:
                if day.came or day.went:
                    write([day.date, guarded(topic.name), day.came, day.went])
        return response

    def proof(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All that shows what somebody agreed to, on a page that can be printed."""
        subscriber: Any = self.room.get_object(request, str(pk))
        if subscriber is None:
            raise Http404
        consents = list(Consent.objects.filter(subscriber=subscriber).select_related("evidence"))
        versions = {consent.terms_version for consent in consents if consent.terms_version}
        context = {
            "title": "Proof of consent",
            "original": subscriber,
            "consents": consents,
            "terms": Terms.objects.filter(version__in=versions).order_by("published_at"),
            "printed_at": timezone.now(),
        }
        return self._render(request, "proof", context)

    def _span(self, request: HttpRequest) -> int:
        if not self.room.has_view_permission(request):
            raise Http404
        asked = request.GET.get("days", "")
        return int(asked) if asked in map(str, SPANS) else SPANS[1]

    def _render(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.room.admin_site.each_context(request) | {"opts": self.room.opts} | context
        return TemplateResponse(request, f"admin/newsletter/subscriber/{name}.html", context)
