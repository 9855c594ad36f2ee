"""Posts: the list, the writing form, and who may do what with them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import Room, RoomList, label, page_of
from blog.admin.filters import ByAuthor, ByCategory, ByDate, ByState
from blog.admin.post_form import PostForm
from blog.models import Category, Post, Redirect
from blog.models.post_queryset import LONG
from blog.search.signals import taking_in_once

WRITING = (None, {"fields": ["title", "summary", "body"], "classes": ["writing"]})
PICTURE = (_("Picture"), {"fields": ["cover", "cover_alt"]})
PUBLISHING = (_("Publishing"), {"fields": ["status", "published_at", "featured"]})
LANGUAGE = (
    _("Language"),
    {"fields": ["language", "translation_of"], "classes": ["collapse"]},
)
MACHINES = (
    _("Search engines"),
    {"fields": ["meta_title", "meta_description", "canonical_url"], "classes": ["collapse"]},
)


class PostList(RoomList):
    def get_results(self, request: HttpRequest) -> None:
        """Without the long texts, which no list shows."""
        super().get_results(request)
        found: QuerySet = self.result_list
        self.result_list = found.defer(*LONG).prefetch_related("categories")


@admin.register(Post)
class PostAdmin(Room):
    form = PostForm
    goes_along = (Redirect,)
    locks_rows = True
    list_display = ["title", "state", "author", "category_names", "date"]
    list_select_related = ["author"]
    list_filter = [ByState, ByCategory, ByAuthor, ByDate]
    search_fields = ["title"]
    search_help_text = _("Words from the title.")
    sortable_by = ()
    autocomplete_fields = ["author", "translation_of"]
    actions = ["publish", "unpublish"]

    # --- Who may do what ---

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        posts: Any = super().get_queryset(request)
        return posts.readable_by(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_edit(request, obj)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("blog.publish_post")

    def get_fieldsets(self, request: HttpRequest, obj: Post | None = None) -> list:
        """Only what she may set is in the form at all, so nothing else can be sent to it."""
        if not self.has_publish_permission(request):
            return [WRITING, (gettext("Place"), {"fields": ["categories"]}), PICTURE, LANGUAGE]
        byline = ["author"] if request.user.has_perm("blog.change_any_post") else []
        series = ["series", "series_position"]
        place = (gettext("Place"), {"fields": ["categories", *series, *byline, "slug"]})
        return [WRITING, PUBLISHING, place, PICTURE, LANGUAGE, MACHINES]

    # --- The list ---

    def get_ordering(self, request: HttpRequest) -> Any:
        """What was worked on last; what is public, or will be, by its date."""
        by_date = request.GET.get("state") in {"scheduled", "published"} or "date" in request.GET
        return ["-published_at" if by_date else "-updated_at", "-pk"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PostList

    @admin.display(description=_("status"))
    def state(self, post: Post) -> SafeString:
        if post.is_scheduled:
            return label("scheduled", gettext("Scheduled"))
        return label(post.status, post.get_status_display())

    @admin.display(description=_("categories"))
    def category_names(self, post: Post) -> str:
        return ", ".join(category.name for category in post.categories.all())

    @admin.display(description=_("date"))
    def date(self, post: Post) -> str:
        if post.status == Post.Status.DRAFT:
            return gettext("edited %(day)s") % {"day": _day(post.updated_at)}
        if post.is_scheduled:
            return date_format(timezone.localtime(post.published_at), "SHORT_DATETIME_FORMAT")
        return _day(post.published_at)

    @admin.action(permissions=["publish"], description=_("Publish the selected posts"))
    def publish(self, request: HttpRequest, queryset: Any) -> None:
        posts = self._chosen(request, queryset.drafts())
        for post in posts:
            post.publish()
        self._log(request, posts, gettext("Published from the list."))
        done = ngettext("One post was published.", "%(number)s posts were published.", len(posts))
        self.message_user(request, done % {"number": len(posts)}, messages.SUCCESS)

    @admin.action(permissions=["publish"], description=_("Take the selected posts back to drafts"))
    def unpublish(self, request: HttpRequest, queryset: QuerySet) -> None:
        posts = self._chosen(request, queryset.filter(status=Post.Status.PUBLISHED))
        for post in posts:
            post.unpublish()
        self._log(request, posts, gettext("Taken back from the list."))
        done = ngettext("One post was taken back.", "%(number)s posts were taken back.", len(posts))
        self.message_user(request, done % {"number": len(posts)}, messages.SUCCESS)

    # --- The form ---

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk}

    def get_view_on_site_url(self, obj: Post | None = None) -> str | None:
        return page_of(obj)

    def formfield_for_dbfield(self, db_field: models.Field, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "body":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 28, "class": "writing-field"})
        if db_field.name == "published_at":
            zone = timezone.get_current_timezone_name()
            clocks = gettext("Times are in the time zone %(zone)s.") % {"zone": zone}
            kwargs["help_text"] = f"{db_field.help_text} {clocks}"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "translation_of":
            # A message about it names its title.
            readable = Post.objects.readable_by(request.user)
            kwargs["queryset"] = readable | Post.objects.published()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = forms.CheckboxSelectMultiple
        kwargs["queryset"] = Category.objects.all()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        with transaction.atomic(), taking_in_once():
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        if not change and "author" not in form.fields:
            obj.author = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    # --- Behind the actions ---

    def _chosen(self, request: HttpRequest, queryset: QuerySet) -> list[Post]:
        """The selected rows, whole, as far as she may edit them."""
        return list(Post.objects.editable_by(request.user).filter(pk__in=queryset.values("pk")))

    def _log(self, request: HttpRequest, posts: list[Post], done: str) -> None:
        for post in posts:
            self.log_change(request, post, done)


def _may_edit(request: HttpRequest, post: Post | None) -> bool:
    """Asked of the database, not of the object, which a form may have filled in already."""
    return post is None or Post.objects.editable_by(request.user).filter(pk=post.pk).exists()


def _day(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT")
