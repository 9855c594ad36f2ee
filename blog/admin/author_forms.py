"""What may be set on an author, by whom."""

import re
import secrets
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from blog.admin.widgets import RowsField
from blog.models import Author

# Whom an editor may invite. Anybody else could do what she cannot.
WRITERS = (gettext_noop("Contributor"), gettext_noop("Author"))
OTHERS = (gettext_noop("Editor"), gettext_noop("Newsletter manager"))


def role_in_words(group: Group) -> str:
    """The roles that come with the site are stored under English names."""
    return gettext(group.name)


class RoleField(forms.ModelChoiceField):
    def label_from_instance(self, group: Any) -> str:
        return role_in_words(group)


class RolesField(RowsField):
    def label_from_instance(self, group: Any) -> str:
        return role_in_words(group)


class ProfileForm(forms.ModelForm):
    """What readers see."""

    class Meta:
        model = Author
        fields = ["display_name", "slug", "bio", "photo", "website"]

    # Who fills in the form; set by the admin.
    user: Any = None


class AccountForm(ProfileForm):
    """The account too; for administrators."""

    class Meta(ProfileForm.Meta):
        fields = [
            *ProfileForm.Meta.fields,
            "username",
            "email",
            "groups",
            "is_active",
            "is_staff",
            "is_superuser",
        ]

    def clean_email(self) -> str:
        return free_email(self.cleaned_data["email"], self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kept = all(cleaned.get(name) for name in ("is_active", "is_staff", "is_superuser"))
        if self.instance == self.user and not kept:
            raise ValidationError(
                gettext("You cannot lock yourself out. Ask another administrator.")
            )
        return cleaned


class InvitationForm(forms.ModelForm):
    """Somebody new, by name, address and role."""

    role = RoleField(
        Group.objects.none(),
        label=_("Role"),
        empty_label=None,
        widget=forms.RadioSelect,
        help_text=_("A contributor writes drafts; an author publishes her own posts."),
    )

    class Meta:
        model = Author
        fields = ["display_name", "email"]

    user: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].required = self.fields["email"].required = True
        self.fields["role"].queryset = invitable_by(self.user)  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        return free_email(self.cleaned_data["email"], self.instance)

    def _post_clean(self) -> None:
        """Fill in what nobody types, so that the model's own checks see the whole row."""
        email = self.cleaned_data.get("email", "")
        self.instance.username = new_username(email)
        self.instance.is_staff = True
        self.instance.set_unusable_password()
        super()._post_clean()  # type: ignore[misc]


def invitable_by(user: Any) -> QuerySet[Group]:
    groups = Group.objects.order_by("name")
    return groups if user.is_superuser else groups.filter(name__in=WRITERS)


def new_username(email: str) -> str:
    """The name to sign in with: the address, which people remember.

    Django allows a little less in a name than mail does in an address.
    """
    name = re.sub(r"[^\w.@+-]", "-", email.lower())[:140]
    taken = Author.objects.filter(username=name).exists()
    return f"{name}-{secrets.token_hex(3)}" if taken else name


def free_email(email: str, author: Author) -> str:
    """`email`, unless another account has it: a password link goes to one of them only."""
    others = Author.objects.exclude(pk=author.pk)
    if email and others.filter(email__iexact=email).exists():
        raise ValidationError(gettext("Somebody else's account has this address already."))
    return email
