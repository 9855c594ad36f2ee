"""Rows of links within the site's form: the navigation, the foot, other places on the web."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.translation import gettext_lazy as _

from blog.models import Category, Link, Page

MOST_LINKS = 20
# Offered while an address is typed; those that this release has.
OWN_PLACES = (
    *("/", "/categories/", "/archive/", "/search/", "/newsletter/", "/feed/", "/terms/"),
    "/privacy/",
)


class LinkForm(forms.ModelForm):
    class Meta:
        model = Link
        fields = ["label", "page", "category", "address", "order"]

    place: str
    # Read once for all rows, whose fields would each ask again.
    choices: dict[str, list]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.place = self.place
        for name in {"page", "category"} & {*self.fields}:
            self.fields[name].choices = self.choices[name]  # type: ignore[attr-defined]
        self.fields["order"].required = False
        if "page" not in self.fields:
            self.fields["address"].label = _("address")
        if not self.instance.pk:
            self.initial["order"] = None
        self.fields["address"].widget.attrs |= {"placeholder": "https://…", "list": "own-places"}

    def clean_order(self) -> int:
        return self.cleaned_data["order"] or 0


class LinkFormSet(BaseInlineFormSet):
    def save(self, commit: bool = True) -> Any:
        """Number the rows by tens: those with a number first, so that one can go in between."""
        saved = super().save(commit)
        if commit:
            rows = list(self.get_queryset().model.objects.filter(**self._own()))
            rows.sort(key=lambda row: (row.order == 0, row.order, row.pk))
            for number, row in enumerate(rows, start=1):
                Link.objects.filter(pk=row.pk).update(order=10 * number)
        return saved

    def _own(self) -> dict[str, Any]:
        return {"site": self.instance, "place": self.form.place}  # type: ignore[attr-defined]


class Links(admin.TabularInline):
    model = Link
    formset = LinkFormSet
    template = "admin/blog/site/links.html"
    extra = 1
    max_num = MOST_LINKS
    place: Link.Place
    # A sentence under the heading.
    about: Any = ""
    columns: tuple[str, ...] = ("label", "page", "category", "address", "order")

    def own_places(self) -> list[str]:
        """Once on the page: all rows are offered the same."""
        is_first = self.place == Link.Place.NAVIGATION
        return [place for place in OWN_PLACES if is_first and _is_built_in(place)]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(place=self.place)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        pages, categories = Page.objects.all(), Category.objects.all()
        choices = {
            "page": [("", "–"), *pages.values_list("pk", "title")],
            "category": [("", "–"), *categories.values_list("pk", "name")],
        }
        form = type("Form", (LinkForm,), {"place": self.place, "choices": choices})
        return super().get_formset(request, obj, form=form, fields=self.columns, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.columns

    def formfield_for_dbfield(self, db_field: models.Field, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        # As in every room: no windows that open over the form to add or change something else.
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    # Who may change the site may change its links.

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("blog.change_site")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("blog.change_site")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("blog.change_site")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("blog.view_site")


class Navigation(Links):
    place = Link.Place.NAVIGATION
    verbose_name_plural = _("Navigation")
    about = _(
        "The links beside the name, at the top of every page. While there is none here, readers "
        "get Categories, Archive and Newsletter. Small numbers come first. Without a label a link "
        "is called like its page or category."
    )


class Foot(Links):
    place = Link.Place.FOOT
    verbose_name_plural = _("Foot")
    about = _(
        "More links for the foot of every page. Terms, privacy, feed and newsletter stay there."
    )


class Social(Links):
    place = Link.Place.SOCIAL
    verbose_name_plural = _("Elsewhere")
    about = _(
        "Your places on other sites, in words. They carry rel=me, by which Mastodon and others can "
        "tell that both are yours."
    )
    columns = ("label", "address", "order")


def _is_built_in(path: str) -> bool:
    try:
        return resolve(path).view_name != "blog:page"
    except Resolver404:
        return False
