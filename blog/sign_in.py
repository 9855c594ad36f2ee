"""Signing in, and asking for a way back in: how often, and what the answer gives away (nothing)."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from blog.models import AccountMail, Author, Limit
from blog.network import address_of, network_of

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# For so long a network from which somebody signed in counts as hers.
LATELY = timedelta(days=90)


class SignInForm(AdminAuthenticationForm):
    """Django's own form, which hashes a password for unknown names too, with a limit before it."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _(
            "This name and this password do not belong together. Please try again, "
            "and mind capital letters."
        ),
        "too_many": _("There were too many tries. Please wait a quarter of an hour."),
    }

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            counted = Guesses(self.request, name)  # type: ignore[arg-type]
            if not counted.allow():
                raise ValidationError(self.error_messages["too_many"], code="too_many")
            cleaned = super().clean()
            counted.welcome()
            return cleaned
        return self.cleaned_data


class Guesses:
    """Tries to sign in under one name from one place.

    The name counts twice: tightly from one network, and loosely from everywhere, so that many
    networks together cannot guess for ever. They could use up the loose limit on purpose, so it
    does not count where its owner signed in lately, or chose a password by a link in her mail.
    """

    def __init__(self, request: HttpRequest, name: str) -> None:
        address = address_of(request)
        network = network_of(address)
        self.here = _key("name and network", f"{name} {network}")
        self.everywhere = _key("name", name)
        self.address = _key("address", str(address))
        self.network = _key("network", network)
        self.home = _key("home", f"{name} {network}")

    def allow(self) -> bool:
        """Count this try; one that is refused here does not count everywhere."""
        allow = Limit.objects.allow
        here = [
            allow(self.here, most=10, within=QUARTER),
            allow(self.address, most=60, within=QUARTER),
            allow(self.network, most=200, within=QUARTER),
        ]
        if not all(here):
            return False
        return allow(self.everywhere, most=50, within=QUARTER) or self._is_home()

    def welcome(self) -> None:
        """Its owner is here: her slips of the finger no longer count, and she may come again."""
        Limit.objects.filter(key__in=[self.here, self.everywhere]).delete()
        stays = {"count": 1, "ends_at": timezone.now() + LATELY}
        Limit.objects.update_or_create(key=self.home, defaults=stays)

    def _is_home(self) -> bool:
        return Limit.objects.filter(key=self.home, ends_at__gt=timezone.now()).exists()


class PasswordLinkForm(forms.Form):
    """Asks for an address and never tells whether an account has it."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def ask(self, request: HttpRequest) -> AccountMail | None:
        """Write the row that the worker will answer; None where too many were asked for.

        The same statements for every address: for one that is nobody's the row names nobody, and
        the worker sends nothing.
        """
        email = self.cleaned_data["email"].lower()
        network = network_of(address_of(request))
        most = {_key("link for", email): 3, _key("links from", network): 20}
        if not Limit.objects.allow_all(most, within=HOUR):
            return None
        author = Author.objects.filter(email__iexact=email, is_active=True).order_by("pk").first()
        return AccountMail.objects.create(kind=AccountMail.Kind.PASSWORD_RESET, author=author)


def _key(what: str, value: str) -> str:
    """A key that neither shows a name nor an address to whoever reads the table."""
    return f"sign-in {what}: {salted_hmac(what, value, algorithm='sha256').hexdigest()[:40]}"
