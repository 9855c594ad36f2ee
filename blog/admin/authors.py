"""Authors: their public face, and, for administrators only, their accounts."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from blog.admin.base import ReadOnlyRoom, Room, label
from blog.models import AccountMail, Author

PROFILE = (None, {"fields": ["display_name", "slug", "bio", "photo", "website"]})
ACCOUNT = (
    "Account",
    {"fields": ["username", "email", "is_active", "groups", "is_staff", "is_superuser"]},
)


@admin.register(Author)
class AuthorAdmin(Room):
    list_display = ["__str__", "role", "post_count", "state"]
    search_fields = ["display_name", "username", "email"]
    sortable_by = ()

    # --- Who may do what ---

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Everybody for those who look after authors, oneself for everybody else."""
        authors = super().get_queryset(request).annotate(post_count=Count("posts"))
        if self._looks_after(request):
            return authors
        return authors.filter(pk=request.user.pk)

    def has_view_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        return self._looks_after(request) or obj is None or obj.pk == request.user.pk

    def has_delete_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        return request.user.is_superuser and (obj is None or obj.pk != request.user.pk)

    def get_fieldsets(self, request: HttpRequest, obj: Author | None = None) -> list:
        """Whoever could set an address, a group or a password could become anybody."""
        return [PROFILE, ACCOUNT] if request.user.is_superuser else [PROFILE]

    def _looks_after(self, request: HttpRequest) -> bool:
        return request.user.has_perm("blog.change_author")

    # --- The list ---

    @admin.display(description="role")
    def role(self, author: Author) -> str:
        if author.is_superuser:
            return "Administrator"
        return ", ".join(group.name for group in author.groups.all())

    @admin.display(description="posts")
    def post_count(self, author: Author) -> int:
        return author.post_count  # type: ignore[attr-defined]

    @admin.display(description="account")
    def state(self, author: Author) -> str:
        return label("active", "Active") if author.is_active else label("off", "Switched off")


@admin.register(AccountMail)
class AccountMailAdmin(ReadOnlyRoom):
    list_display = ["kind", "author", "status", "created_at", "attempts", "reply"]
    list_select_related = ["author"]
    sortable_by = ()
    ordering = ["-created_at", "-pk"]
