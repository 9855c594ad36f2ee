"""How the circle of readers grows and shrinks, topic by topic; and the proof of one consent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext

from newsletter.admin.tables import as_csv, of_today
from newsletter.charts import growth_bars
from newsletter.churn import Topic, topics
from newsletter.models import Consent, Terms
from newsletter.models.consent import ConsentQuerySet

if TYPE_CHECKING:
    from newsletter.admin.subscribers import SubscriberAdmin

SPANS = (30, 90, 365)
EVENT_COLUMNS = (
    "at",
    "event",
    "words read",
    "terms version",
    "terms SHA-256",
    "receives",
    "IP address",
    "page",
    "browser",
)


class NumbersPage:
    def __init__(self, room: "SubscriberAdmin") -> None:
        self.room = room

    def urls(self) -> list[URLPattern]:
        wrap = self.room.admin_site.admin_view
        return [
            path("numbers/", wrap(self.page), name="newsletter_subscriber_numbers"),
            path("numbers.csv", wrap(self.table), name="newsletter_subscriber_numbers_csv"),
            path("<int:pk>/proof/", wrap(self.proof), name="newsletter_subscriber_proof"),
            path("<int:pk>/proof.csv", wrap(self.events), name="newsletter_subscriber_proof_csv"),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        days = self._span(request)
        shown = [(topic, growth_bars(topic.growth)) for topic in topics(days)]
        context = {
            "title": gettext("Readers in numbers"),
            "topics": shown,
            "days": days,
            "spans": SPANS,
        }
        return self._render(request, "numbers", context)

    def table(self, request: HttpRequest) -> StreamingHttpResponse:
        """Day by day, for a spreadsheet."""
        shown = topics(self._span(request))
        return as_csv("readers.csv", ["date", "topic", "came", "left"], _days(shown))

    def proof(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All that shows what somebody agreed to, on a page that can be printed."""
        subscriber = self._find(request, pk)
        consents = list(_consents(subscriber))
        versions = {consent.terms_version for consent in consents if consent.terms_version}
        context = {
            "title": gettext("Proof of consent"),
            "original": subscriber,
            "consents": consents,
            "terms": Terms.objects.filter(version__in=versions).order_by("published_at"),
            "printed_at": timezone.now(),
        }
        return self._render(request, "proof", context)

    def events(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The same log for a spreadsheet; the texts of the terms are known by their hashes."""
        rows = (_event(consent) for consent in _consents(self._find(request, pk)))
        return as_csv(of_today(f"consent-{pk}"), EVENT_COLUMNS, rows)

    def _find(self, request: HttpRequest, pk: int) -> Any:
        return self.room.get_object(request, str(pk))  # raises Http404 or PermissionDenied

    def _span(self, request: HttpRequest) -> int:
        if not self.room.has_view_permission(request):
            raise Http404
        asked = request.GET.get("days", "")
        return int(asked) if asked in map(str, SPANS) else SPANS[1]

    def _render(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.room.admin_site.each_context(request) | {"opts": self.room.opts} | context
        return TemplateResponse(request, f"admin/newsletter/subscriber/{name}.html", context)


def _days(shown: list[Topic]) -> Iterator[tuple[object, ...]]:
    for topic in shown:
        for day in topic.growth.days:
            if day.came or day.went:
                yield day.date, topic.name, day.came, day.went


def _consents(subscriber: Any) -> ConsentQuerySet:
    return Consent.objects.filter(subscriber=subscriber).select_related("evidence")


def _event(consent: Consent) -> tuple[object, ...]:
    evidence = getattr(consent, "evidence", None)
    return (
        consent.at,
        consent.get_event_display(),
        consent.wording,
        consent.terms_version,
        consent.terms_hash,
        gettext("Everything") if consent.receives_everything else ", ".join(consent.topics),
        evidence.ip if evidence else None,
        evidence.source if evidence else None,
        evidence.user_agent if evidence else None,
    )
