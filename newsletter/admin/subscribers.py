"""Subscribers: read by the newsroom, and changed only by themselves or at their request."""

import logging
from functools import partial
from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import ReadOnlyRoom, label
from blog.admin.filters import ByStatus
from blog.text import clean_line
from newsletter import addresses, exports
from newsletter.admin.acts import ACTS, Act
from newsletter.admin.filters import ByTerms, ByTopic
from newsletter.admin.history import log
from newsletter.admin.import_page import ImportPage
from newsletter.admin.numbers_page import NumbersPage
from newsletter.models import Consent, Subscriber
from newsletter.models.subscriber import hash_address

logger = logging.getLogger("pennypost.subscribers")

MOST_EVENTS = 200


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"class": "vTextField"}), strip=True
    )

    def clean_reason(self) -> str:
        reason = clean_line(self.cleaned_data["reason"])
        if not any(character.isalnum() for character in reason):
            raise ValidationError(gettext("Please say why, in words."))
        return reason


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyRoom):
    list_display = ["__str__", "state", "wishes", "terms_version", "created_at"]
    list_select_related = ["terms"]
    list_filter = [ByStatus, ByTopic, ByTerms]
    search_fields = ["key"]
    search_help_text = _("An address or a part of it.")
    sortable_by = ()
    fieldsets = [
        (None, {"fields": ["email", "state", "suppressed_for", "wishes"]}),
        (_("Consent"), {"fields": ["agreed_to_terms", "terms"]}),
        (_("Times"), {"fields": ["created_at", "confirmed_at", "unsubscribed_at"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            *ImportPage(self).urls(),
            path("export/", wrap(self.export_view), name="newsletter_subscriber_export"),
            *NumbersPage(self).urls(),
            *(
                path(
                    f"<int:pk>/{act.name}/",
                    wrap(partial(self.act_view, act=act)),
                    name=act.url_name,
                )
                for act in ACTS
            ),
            *super().get_urls(),
        ]

    # --- The list ---

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        status = request.GET.get("status", "")
        context = {
            "may_export": self.may_export(request),
            "may_import": ImportPage(self).may(request),
            "exported_status": Subscriber.Status(status) if status in exports.STATUSES else "",
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        shown.result_list = shown.result_list.prefetch_related("topics")
        return shown

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """A part of an address, or a whole one, which is found even after it was erased."""
        term = clean_line(search_term).lower()
        if not term:
            return queryset, False
        if whole := _whole_address(term):
            return queryset.filter(whole), False
        return queryset.filter(key__contains=term), False

    @admin.display(description=_("status"))
    def state(self, subscriber: Subscriber) -> SafeString:
        return label(subscriber.status, subscriber.get_status_display())

    @admin.display(description=_("receives"))
    def wishes(self, subscriber: Subscriber) -> str:
        if subscriber.receives_everything:
            return gettext("Everything")
        return ", ".join(topic.name for topic in subscriber.topics.all()) or gettext("Nothing")

    @admin.display(description=_("terms"))
    def terms_version(self, subscriber: Subscriber) -> str:
        return subscriber.terms.version if subscriber.terms else "–"

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The subscribers of one status, or all, as a file that is written while it is read."""
        if not self.may_export(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        status = request.POST.get("status", "")
        if status and status not in exports.STATUSES:
            raise Http404
        log(
            request,
            None,
            CHANGE,
            gettext("Exported %(status)s subscribers.")
            % {"status": Subscriber.Status(status).label.lower()}
            if status
            else gettext("Exported all subscribers."),
        )
        logger.info("User %s exported %s subscribers.", request.user.pk, status or "all")
        rows = exports.subscribers([status] if status else [])
        chunks = ("".join(chunk) for chunk in exports.lines(rows))
        # The mark makes spreadsheet programs read it as UTF-8.
        file = StreamingHttpResponse(
            chain([exports.BYTE_ORDER_MARK], chunks), content_type="text/csv; charset=utf-8"
        )
        name = f"subscribers-{timezone.localdate():%Y-%m-%d}.csv"
        file["Content-Disposition"] = f'attachment; filename="{name}"'
        file["Cache-Control"] = "private, no-store"
        return file

    def may_export(self, request: HttpRequest) -> bool:
        may = request.user.has_perm("newsletter.export_subscriber")
        return may and self.has_view_permission(request)

    # --- One subscriber ---

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        latest = Consent.objects.filter(subscriber=obj).select_related("evidence")
        context |= {
            "consents": latest.order_by("-at", "-pk")[:MOST_EVENTS],
            "most_events": MOST_EVENTS,
            "acts": [
                act for act in ACTS if act.fits(obj) and request.user.has_perm(act.permission)
            ],
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def act_view(self, request: HttpRequest, pk: int, act: Act) -> HttpResponse:
        """Say what the act does; on POST, do it."""
        subscriber: Any = self.get_object(request, str(pk))
        if not request.user.has_perm(act.permission):
            raise PermissionDenied
        form = ReasonForm(request.POST or None) if act.needs_reason else forms.Form(request.POST)
        if request.method == "POST" and form.is_valid():
            self._do(request, subscriber, act, **form.cleaned_data)
            return HttpResponseRedirect(reverse("admin:newsletter_subscriber_change", args=[pk]))
        context = self.admin_site.each_context(request) | {
            "title": act.title,
            "opts": self.opts,
            "original": subscriber,
            "act": act,
            "form": form,
        }
        return TemplateResponse(request, "admin/newsletter/subscriber/act.html", context)

    @transaction.atomic
    def _do(self, request: HttpRequest, subscriber: Subscriber, act: Act, **said: str) -> None:
        subscriber.refresh_from_db(from_queryset=Subscriber.objects.select_for_update(of=("self",)))
        if not act.fits(subscriber):
            self.message_user(request, gettext("There was nothing to do."), messages.WARNING)
            return
        act.do(subscriber, **said)
        log(request, subscriber, CHANGE, " ".join([f"{act.title}.", *said.values()]))
        self.message_user(request, str(act.done), messages.SUCCESS)


def _whole_address(term: str) -> Q | None:
    """The row of a whole address, which its hash finds even after it was erased."""
    try:
        key = addresses.parse(term).key
    except ValidationError:
        return None
    whole = Q(address_hash=hash_address(key))
    return whole if Subscriber.objects.filter(whole).exists() else None
