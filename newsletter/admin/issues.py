"""Issues: the list, the form of a draft, and the doors to sending it and to watching it."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import ActionLocation
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from blog.admin.base import Room, is_number, label
from blog.text import clean_line
from newsletter.admin.filters import ByIssueState
from newsletter.admin.issue_form import IssueForm, Places, choosable
from newsletter.admin.issue_tables import ISSUES, every_issue
from newsletter.admin.progress_page import ProgressPage
from newsletter.admin.send_page import SendPage
from newsletter.admin.tables import as_csv, of_today
from newsletter.admin.words import day, short
from newsletter.drafting import draft_of
from newsletter.models import Issue, IssuePost
from newsletter.progress import progress_of

SUGGESTED = 20
OF_POST = "newsletter_issue_of_post"
WRITING = (None, {"fields": ["subject", "preheader", "intro", "body"], "classes": ["writing"]})
POSTS = (_("Posts in it"), {"fields": ["shows"]})
READERS = (
    _("Readers"),
    {
        "fields": ["audience", "categories"],
        "description": _("Before anything is sent you see how many they are."),
    },
)
WEB = (_("On the web"), {"fields": ["slug"], "classes": ["collapse"]})


class IssueList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        """Without the long texts, which no list shows."""
        found = super().get_queryset(request, exclude_parameters)
        return found.defer("intro", "body", "intro_html", "html")

    def get_results(self, request: HttpRequest) -> None:
        """Each row with its numbers, by one query for the page."""
        super().get_results(request)
        shown = list(self.result_list)
        progress = progress_of(shown)
        for issue in shown:
            issue.progress = progress[issue.pk]
        self.result_list = shown


@admin.register(Issue)
class IssueAdmin(Room):
    form = IssueForm
    inlines = [Places]
    goes_along = (IssuePost,)
    locks_rows = True  # also so that nobody writes into an issue that is being started
    list_display = ["subject", "state", "readers", "sent", "when"]
    list_filter = [ByIssueState]
    search_fields = ["subject"]
    search_help_text = _("Words from the subject.")
    sortable_by = ()

    # --- Who may do what ---

    def has_change_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or obj.status == Issue.Status.DRAFT)

    def has_send_permission(self, request: HttpRequest) -> bool:
        may_send: bool = request.user.has_perm("newsletter.send_issue")
        return may_send and self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("issues.csv", wrap(self.table), name="newsletter_issue_list_csv"),
            path("posts/", wrap(self.posts_view), name="newsletter_issue_posts"),
            path("of-post/<int:pk>/", wrap(require_POST(self.of_post)), name=OF_POST),
            *SendPage(self).urls(),
            *ProgressPage(self).urls(),
            *super().get_urls(),
        ]

    # --- The list ---

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return IssueList

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("categories")

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict:
        """Deleting goes one by one: only drafts can be."""
        actions = super().get_actions(request, action_location=action_location)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description=_("status"))
    def state(self, issue: Any) -> SafeString:
        if issue.paused_because:
            return label(
                "failed",
                gettext("Held") if issue.is_editable else gettext("Paused by itself"),
            )
        return label(issue.progress.state, issue.progress.label)

    @admin.display(description=_("to"))
    def readers(self, issue: Issue) -> str:
        """Short; the whole rule stands on the page before it is sent."""
        if issue.audience == Issue.Audience.EVERYONE:
            return gettext("Everybody")
        return ", ".join(category.name for category in issue.categories.all())

    @admin.display(description=_("sent"))
    def sent(self, issue: Any) -> str:
        return issue.progress.in_numbers if issue.has_started else "–"

    @admin.display(description=_("when"))
    def when(self, issue: Issue) -> str:
        if issue.started_at:
            return day(issue.started_at)
        if issue.status == Issue.Status.SCHEDULED:
            return (
                gettext("for %(moment)s") % {"moment": short(issue.send_at)}
                if issue.send_at
                else gettext("with its posts")
            )
        return gettext("edited %(day)s") % {"day": day(issue.updated_at)}

    def table(self, request: HttpRequest) -> StreamingHttpResponse:
        """A line for each issue that was started, with all its numbers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return as_csv(of_today("issues"), ISSUES, every_issue())

    # --- One issue ---

    def find(self, request: HttpRequest, pk: int) -> Issue:
        """The issue, for whoever may see it; not locked."""
        issue = super().get_object(request, str(pk))
        return cast(Issue, issue)

    def get_fieldsets(self, request: HttpRequest, obj: Issue | None = None) -> list:
        return [WRITING, READERS, POSTS, WEB]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A draft opens on its form, and what was started on the page that shows how far it is."""
        if request.method == "GET" and is_number(object_id):
            issue = self.find(request, int(object_id))
            if not issue.is_editable and issue.has_started:
                return HttpResponseRedirect(
                    reverse("admin:newsletter_issue_progress", args=[issue.pk])
                )
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Issue, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def response_post_save_add(self, request: HttpRequest, obj: Issue) -> HttpResponseRedirect:
        return self._next(request, obj) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Issue) -> HttpResponseRedirect:
        return self._next(request, obj) or super().response_post_save_change(request, obj)

    def _next(self, request: HttpRequest, issue: Issue) -> HttpResponseRedirect | None:
        if "_send" not in request.POST or not self.has_send_permission(request):
            return None
        return HttpResponseRedirect(reverse("admin:newsletter_issue_send", args=[issue.pk]))

    def of_post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """An issue of one post, by the button on the post's own page."""
        if not (self.has_add_permission(request) and self.has_send_permission(request)):
            raise PermissionDenied
        post = get_object_or_404(choosable(request.user), pk=pk)
        issue = draft_of(post, request.user)
        return HttpResponseRedirect(reverse("admin:newsletter_issue_send", args=[issue.pk]))

    def posts_view(self, request: HttpRequest) -> HttpResponse:
        """What the field for a post suggests, newest first."""
        term = clean_line(request.GET.get("term", ""))
        may_write = self.has_add_permission(request) or self.has_change_permission(request)
        found = choosable(request.user).filter(title__icontains=term) if may_write else None
        rows = list(found.order_by("-published_at", "-pk")[:SUGGESTED]) if found is not None else []
        results = [{"id": str(post.pk), "text": post.title} for post in rows]
        return JsonResponse({"results": results, "pagination": {"more": False}})
