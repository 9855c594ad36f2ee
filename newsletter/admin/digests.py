"""Digests: what comes by itself, how often, and what it would hold now."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from blog.admin.base import Room, renderable
from blog.models import Category
from newsletter import installation
from newsletter.models import Digest


class DigestForm(forms.ModelForm):
    class Meta:
        model = Digest
        fields = [
            "name",
            "intro",
            "is_active",
            "every",
            "weekday",
            "day",
            "at",
            "has_everything",
            "categories",
            "shows",
        ]
        widgets = {
            "shows": forms.RadioSelect,
            "every": forms.RadioSelect,
            "categories": forms.CheckboxSelectMultiple,
            "at": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "intro": forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "categories" in self.fields:
            self.fields["categories"].queryset = Category.objects.all()  # type: ignore[attr-defined]

    def clean_intro(self) -> str:
        return renderable(self.cleaned_data["intro"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("has_everything") and not cleaned.get("categories"):
            self.add_error("categories", gettext("Choose at least one category, or everything."))
        return cleaned


@admin.register(Digest)
class DigestAdmin(Room):
    form = DigestForm
    list_display = ["name", "schedule", "comes_next"]
    sortable_by = ()
    readonly_fields = ["outlook"]
    fieldsets = [
        (None, {"fields": ["name", "intro", "outlook"]}),
        (_("When"), {"fields": ["is_active", "every", "weekday", "day", "at"]}),
        (_("Posts and readers"), {"fields": ["has_everything", "categories", "shows"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # Once for a list: on PostgreSQL the identity is asked for.
        return super().get_queryset(request).annotate(is_ours=Q(owner=installation.identity()))

    # Whoever makes a digest sends issues, many of them.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and _may_send(request)

    def has_change_permission(self, request: HttpRequest, obj: Digest | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_send(request)

    def save_model(self, request: HttpRequest, obj: Digest, form: Any, change: bool) -> None:
        """From now on it is due when the form says, and sent from here."""
        obj.next_at, obj.owner = None, installation.identity()
        super().save_model(request, obj, form, change)

    @admin.display(description=_("how often"))
    def schedule(self, digest: Digest) -> str:
        at = time_format(digest.at)
        if digest.every == Digest.Every.WEEKLY:
            words = gettext("Every week on %(weekday)s at %(at)s")
            return words % {"weekday": digest.get_weekday_display(), "at": at}
        if digest.every == Digest.Every.MONTHLY:
            return gettext("Day %(day)s of each month at %(at)s") % {"day": digest.day, "at": at}
        return gettext("Every day at %(at)s") % {"at": at}

    @admin.display(description=_("next"))
    def comes_next(self, digest: Any) -> str:
        if digest.next_at is None:
            return gettext("Switched off")
        if not digest.is_ours:
            return gettext("Held")
        comes = timezone.localtime(digest.next_at)
        return gettext("%(weekday)s %(day)s, %(time)s") % {
            "weekday": date_format(comes, "l"),
            "day": date_format(comes, "MONTH_DAY_FORMAT"),
            "time": time_format(comes),
        }

    @admin.display(description=_("next"))
    def outlook(self, digest: Any) -> str:
        """`Monday 30 November, 09:00. It would hold 3 posts now.`"""
        if not digest.pk:
            return gettext(
                "Once it is saved you see here when it goes out, and with how many posts."
            )
        return f"{self.comes_next(digest)}. {_reason(digest)}"


def _reason(digest: Any) -> str:
    if digest.next_at and not digest.is_ours:
        return gettext(
            "This database was restored or copied. Save the digest to let it go out from here, "
            "but only if it does not go out from where it was."
        )
    number = digest.new_posts().count()
    if not number:
        return gettext("There is no new post for it yet.")
    return ngettext(
        "It would hold %(number)s post now.", "It would hold %(number)s posts now.", number
    ) % {"number": number}


def _may_send(request: HttpRequest) -> bool:
    return request.user.has_perm("newsletter.send_issue")  # type: ignore[union-attr]
