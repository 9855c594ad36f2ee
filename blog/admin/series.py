"""Series: several posts that are read in order."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from blog.admin.base import Room, page_of
from blog.models import Post, Redirect, Series


@admin.register(Series)
class SeriesAdmin(Room):
    goes_along = (Redirect,)
    list_display = ["name", "post_count", "slug"]
    search_fields = ["name"]
    sortable_by = ()
    fields = ["name", "slug", "description", "parts"]
    readonly_fields = ["parts"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(total_count=Count("posts"))

    def get_view_on_site_url(self, obj: Series | None = None) -> str | None:
        return page_of(obj)

    @admin.display(description=_("posts"))
    def post_count(self, series: Series) -> int:
        return series.total_count  # type: ignore[attr-defined]

    @admin.display(description=_("posts in their order"))
    def parts(self, series: Any) -> SafeString | str:
        """As everybody may see them who edits series; their order is set on each post."""
        if series.pk is None:
            return "–"
        posts = Post.objects.filter(series=series).order_by("series_position", "published_at", "pk")
        rows = posts.values_list("series_position", "title", "status")
        labels = dict(Post.Status.choices)
        lines = ((place, title, labels[status]) for place, title, status in rows)
        return format_html_join("", "<div>{} · {} ({})</div>", lines) or "–"
