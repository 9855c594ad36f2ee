"""Authors: their public face, and, for administrators only, their accounts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.db import models, transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.admin.author_forms import (
    AccountForm,
    InvitationForm,
    ProfileForm,
    RolesField,
    role_in_words,
)
from blog.admin.base import ReadOnlyRoom, Room, label, page_of
from blog.admin.filters import ByStatus
from blog.invitations import invite
from blog.models import AccountMail, Author, Post, Redirect
from blog.tasks import send_account_mail

PROFILE = (None, {"fields": ["display_name", "slug", "bio", "photo", "website"]})
ACCOUNT = (
    _("Account"),
    {"fields": ["username", "email", "groups", "is_active", "is_staff", "is_superuser"]},
)
INVITATION = (
    None,
    {
        "fields": ["display_name", "email", "role"],
        "description": _("They get a mail with a link, behind which they choose a password."),
    },
)


@admin.register(Author)
class AuthorAdmin(Room):
    goes_along = (Redirect, AccountMail)
    list_display = ["__str__", "role", "post_count", "state"]
    search_fields = ["display_name", "username", "email"]
    sortable_by = ()
    actions = ["invite_again"]

    # --- Who may do what ---

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Everybody for those who look after authors, oneself for everybody else."""
        authors = super().get_queryset(request)
        return authors if _looks_after(request) else authors.filter(pk=request.user.pk)

    def has_view_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        return _looks_after(request) or obj is None or obj.pk == request.user.pk

    def has_delete_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        return request.user.is_superuser and (obj is None or obj.pk != request.user.pk)

    def get_fieldsets(self, request: HttpRequest, obj: Author | None = None) -> list:
        """Whoever could set an address, a group or a password could become anybody."""
        if obj is None:
            return [INVITATION]
        return [PROFILE, ACCOUNT] if request.user.is_superuser else [PROFILE]

    def get_form(
        self, request: HttpRequest, obj: Author | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = InvitationForm
        else:
            kwargs["form"] = AccountForm if request.user.is_superuser else ProfileForm
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    # --- The list ---

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        posts = Post.objects.filter(author=OuterRef("pk")).order_by().values("author")
        counted = Subquery(posts.annotate(number=Count("pk")).values("number"))
        shown.result_list = shown.result_list.prefetch_related("groups").annotate(
            posts_number=counted
        )
        return shown

    @admin.display(description=_("role"))
    def role(self, author: Author) -> str:
        if author.is_superuser:
            return gettext("Administrator")
        return ", ".join(role_in_words(group) for group in author.groups.all())

    @admin.display(description=_("posts"))
    def post_count(self, author: Any) -> int:
        return author.posts_number or 0

    @admin.display(description=_("account"))
    def state(self, author: Author) -> SafeString:
        if not author.is_active:
            return label("off", gettext("Switched off"))
        return (
            label("active", gettext("Active"))
            if author.last_login
            else label("waiting", gettext("Never signed in"))
        )

    @admin.action(
        permissions=["add"],
        description=_("Send the invitation again"),
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def invite_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        waiting = queryset.filter(is_active=True, is_staff=True, last_login=None)
        for author in waiting:
            self._invite(author)
        if waiting:
            self.message_user(request, gettext("The invitation goes out again."), messages.SUCCESS)
        else:
            self.message_user(request, gettext("They have signed in before."), messages.WARNING)

    # --- The form ---

    def get_view_on_site_url(self, obj: Author | None = None) -> str | None:
        return page_of(obj)

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs |= {"widget": forms.CheckboxSelectMultiple, "form_class": RolesField}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Author, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            obj.groups.add(form.cleaned_data["role"])
            self._invite(obj)

    def _invite(self, author: Author) -> None:
        invite(author)
        transaction.on_commit(send_account_mail.enqueue, robust=True)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if add:
            context |= {
                "save_label": gettext("Send the invitation"),
                "show_save_and_continue": False,
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_add(
        self, request: HttpRequest, obj: Author, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(
            request,
            gettext("A mail is on its way to %(email)s.") % {"email": obj.email},
            messages.SUCCESS,
        )
        return HttpResponseRedirect(reverse("admin:blog_author_changelist"))


@admin.register(AccountMail)
class AccountMailAdmin(ReadOnlyRoom):
    """Invitations and password links, so that one sees what failed and why."""

    list_display = ["kind", "author", "outcome", "created_at", "reply"]
    list_select_related = ["author"]
    list_filter = [ByStatus]
    sortable_by = ()
    ordering = ["-pk"]
    fields = ["kind", "author", "status", "created_at", "due_at", "settled_at", "attempts", "reply"]

    @admin.display(description=_("status"))
    def outcome(self, mail: AccountMail) -> SafeString:
        return label(mail.status, mail.get_status_display())


def _looks_after(request: HttpRequest) -> bool:
    return request.user.has_perm("blog.change_author")
