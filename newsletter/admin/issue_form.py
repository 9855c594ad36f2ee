"""Writing an issue: its words, its posts in their order, its readers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import renderable
from blog.admin.shared_form import SharedForm
from blog.admin.widgets import Autocomplete
from blog.models import Category, Post
from newsletter.models import Issue, IssuePost

MOST_POSTS = 50


class IssueForm(SharedForm):
    class Meta:
        model = Issue
        fields = [
            "subject",
            "preheader",
            "intro",
            "body",
            "shows",
            "audience",
            "categories",
            "slug",
        ]
        widgets = {
            "shows": forms.RadioSelect,
            "audience": forms.RadioSelect,
            "categories": forms.CheckboxSelectMultiple,
            "intro": forms.Textarea(attrs={"rows": 4, "class": "writing-field short"}),
            "body": forms.Textarea(attrs={"rows": 12, "class": "writing-field medium"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "categories" in self.fields:
            self.fields["categories"].queryset = Category.objects.all()  # type: ignore[attr-defined]

    def clean_intro(self) -> str:
        return renderable(self.cleaned_data["intro"])

    def clean_body(self) -> str:
        return renderable(self.cleaned_data["body"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        to_topics = cleaned.get("audience") == Issue.Audience.TOPICS
        if to_topics and not cleaned.get("categories"):
            self.add_error(
                "categories", gettext("Choose at least one category, or every subscriber.")
            )
        return cleaned


class PostChoice(Autocomplete):
    """Suggests posts to whoever writes issues, who need not be allowed to edit posts."""

    url_name = "%s:newsletter_issue_posts"


class PlaceForm(forms.ModelForm):
    class Meta:
        model = IssuePost
        fields = ["post", "position"]

    user: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        post: Any = self.fields["post"]
        post.queryset = choosable(self.user, besides=self.instance.post_id)
        # None only where the post was deleted since.
        post.required = True
        self.fields["position"].required = False
        self.fields["position"].widget.attrs["min"] = 1
        if not self.instance.pk:
            self.initial["position"] = None

    def clean_position(self) -> int:
        return self.cleaned_data["position"] or 0


class PlaceFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        chosen = [form.cleaned_data.get("post") for form in self.forms if _stays(form)]
        if len(chosen) != len({post.pk for post in chosen if post}):
            raise ValidationError(gettext("A post can be in an issue only once."))

    def save(self, commit: bool = True) -> Any:
        """Number the places from one: first those with a number, the rest as they stand."""
        saved = super().save(commit)
        if commit:
            places = list(self.instance.places.all())
            places.sort(key=lambda place: (place.position or MOST_POSTS + 1, place.pk))
            for number, place in enumerate(places, start=1):
                IssuePost.objects.filter(pk=place.pk).update(position=number)
        return saved


class Places(admin.TabularInline):
    model = IssuePost
    form = PlaceForm
    formset = PlaceFormSet
    template = "admin/newsletter/issue/places.html"
    fields = ["post", "position"]
    verbose_name = _("post")
    verbose_name_plural = _("posts")
    extra = 1
    max_num = MOST_POSTS

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.user = request.user  # type: ignore[attr-defined]
        return formset

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "post":
            kwargs["widget"] = PostChoice(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: models.Field, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        # As in every room: no windows that open over the form to add or change something else.
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    # Who may write the issue may write what is in it; who may see it sees that.

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("newsletter.change_issue" if obj else "newsletter.add_issue")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("newsletter.view_issue")


def choosable(user: Any, besides: int | None = None) -> QuerySet[Post]:
    """What the public may see, and of the rest what `user` may; and the post that is chosen."""
    readable = Q(pk__in=Post.objects.readable_by(user).order_by().values("pk"))
    public = Q(pk__in=Post.objects.published().order_by().values("pk"))
    return Post.objects.filter(public | readable | Q(pk=besides)).only("title", "slug")


def _stays(form: Any) -> bool:
    return bool(form.cleaned_data.get("post")) and not form.cleaned_data.get("DELETE")
