"""Categories: their order, and how two become one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from blog.admin.base import Room, is_number, page_of
from blog.models import Category, Link, Redirect


class MergeForm(forms.Form):
    """Which category takes over. `sources` are those that go away."""

    target = forms.ModelChoiceField(
        Category.objects.all(), label=_("Merge into"), empty_label=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, sources: list[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Category.objects.exclude(pk__in=[source.pk for source in sources])
        self.fields["target"].queryset = others  # type: ignore[attr-defined]


@admin.register(Category)
class CategoryAdmin(Room):
    goes_along = (Redirect, Link)
    list_display = ["name", "post_count", "slug", "place"]
    list_per_page = 200
    search_fields = ["name"]
    sortable_by = ()
    fields = ["name", "slug", "description", "order"]
    actions = ["merge"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        categories: Any = super().get_queryset(request)
        return categories.with_totals()

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("merge/", wrap(self.merge_view), name="blog_category_merge"),
            path("<int:pk>/move/", wrap(require_POST(self.move_view)), name="blog_category_move"),
            *super().get_urls(),
        ]

    def get_view_on_site_url(self, obj: Category | None = None) -> str | None:
        return page_of(obj)

    # --- The list ---

    @admin.display(description=_("posts"))
    def post_count(self, category: Category) -> int:
        return category.total_count  # type: ignore[attr-defined]

    @admin.display(description=_("order"))
    def place(self, category: Category) -> SafeString:
        """Two plain buttons; they work with a keyboard and without a script."""
        return format_html(
            '<button class="move" formaction="{0}" name="by" value="-1"'
            ' aria-label="{1}">↑</button> '
            '<button class="move" formaction="{0}" name="by" value="1" aria-label="{2}">↓</button>',
            reverse("admin:blog_category_move", args=[category.pk]),
            gettext("Move %(name)s up") % {"name": category.name},
            gettext("Move %(name)s down") % {"name": category.name},
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = list(self.list_display)
        return shown if self.has_change_permission(request) else shown[:-1]

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict:
        """Deleting goes one by one: each has its own question to answer."""
        actions = super().get_actions(request, action_location=action_location)
        actions.pop("delete_selected", None)
        return actions

    def move_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        category = get_object_or_404(Category, pk=pk)
        category.move(1 if request.POST.get("by") == "1" else -1)
        return HttpResponseRedirect(reverse("admin:blog_category_changelist"))

    # --- Deleting and merging ---

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        category: Any = self.get_object(request, object_id)
        if self.has_delete_permission(request, category) and category.is_used():
            text = gettext(
                "“%(category)s” has posts or readers, so it is not deleted but merged into another."
            ) % {"category": category}
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(_merge_url([category.pk]))
        return super().delete_view(request, object_id, extra_context)

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and self.has_delete_permission(request)

    @admin.action(
        permissions=["merge"],
        description=_("Merge into another category …"),
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def merge(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        return HttpResponseRedirect(_merge_url(queryset.values_list("pk", flat=True)))

    def merge_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the target; on POST, merge."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        chosen = [number for number in request.GET.getlist("from") if is_number(number)]
        sources = list(Category.objects.with_totals().filter(pk__in=chosen))
        if not sources:
            return HttpResponseRedirect(reverse("admin:blog_category_changelist"))
        form = MergeForm(request.POST or None, sources=sources)
        if request.method == "POST" and form.is_valid():
            return self._merge(request, sources, form.cleaned_data["target"])
        context = self.admin_site.each_context(request) | {
            "title": gettext("Merge categories"),
            "opts": self.opts,
            "sources": sources,
            "form": form,
        }
        return TemplateResponse(request, "admin/blog/category/merge.html", context)

    def _merge(
        self, request: HttpRequest, sources: list[Category], target: Category
    ) -> HttpResponse:
        for source in sources:
            try:
                source.merge_into(target)
            except Category.DoesNotExist:
                text = gettext(
                    "“%(source)s” or “%(target)s” is gone: somebody merged or deleted it just now."
                ) % {"source": source, "target": target}
                self.message_user(request, text, messages.WARNING)
            else:
                self.log_change(
                    request, target, gettext("Merged “%(source)s” into it.") % {"source": source}
                )
                text = gettext("“%(source)s” went into “%(target)s”.") % {
                    "source": source,
                    "target": target,
                }
                self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:blog_category_changelist"))


def _merge_url(numbers: Any) -> str:
    query = urlencode([("from", number) for number in numbers])
    return f"{reverse('admin:blog_category_merge')}?{query}"
