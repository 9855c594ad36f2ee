"""What visitors and subscribers may send us."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from blog.models import Category
from newsletter import addresses
from newsletter.addresses import Address
from newsletter.models import Subscriber, Terms


class AddressField(forms.CharField):
    """An e-mail address; its clean value is an `Address`."""

    def __init__(self) -> None:
        super().__init__(
            # Room for the spaces that come along when somebody pastes.
            max_length=addresses.MAX_LENGTH + 50,
            strip=False,
            error_messages={
                "required": gettext("Please write your e-mail address here."),
                "max_length": addresses.REFUSED,
            },
        )

    def clean(self, value: Any) -> Address:
        return addresses.parse(super().clean(value))


class RawBox(forms.CheckboxInput):
    """Django's own reads any text as ticked, "off" as well."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class Agreement(forms.Field):
    """A box that must be ticked. Takes only what a browser sends for a ticked one."""

    widget = RawBox
    TICKED = {"on", "true", "1"}

    def clean(self, value: Any) -> bool:
        if value not in self.TICKED:
            raise ValidationError(self.error_messages["required"])
        return True


class PublicForm(forms.Form):
    """Refuses a field that came twice: which of the two was meant is anybody's guess."""

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.sent = data

    def clean(self) -> dict[str, Any]:
        for name, field in self.fields.items():
            may_repeat = isinstance(field, forms.MultipleChoiceField)
            if not may_repeat and len(self.sent.getlist(name)) > 1:
                raise ValidationError(
                    gettext("Something in this form came twice. Please send it again.")
                )
        return self.cleaned_data


RECEIVES = [("everything", _("Everything")), ("topics", _("Only what is about these"))]
NO_LONGER = _("We do not write about one of these any more. Please choose again.")


class SignUpForm(PublicForm):
    """The form on every public page. The page that it stood on named the terms it showed.

    Only on the newsletter's own page it asks what to receive, and only where that is switched on:
    `categories` are those that can be chosen. Without an answer it is everything.
    """

    email = AddressField()
    agreed_to_terms = Agreement(
        error_messages={
            "required": _("Please tick the box: without your agreement we may not write to you.")
        }
    )
    receives = forms.ChoiceField(required=False, choices=RECEIVES)
    topics = forms.MultipleChoiceField(required=False, error_messages={"invalid_choice": NO_LONGER})
    terms_version = forms.CharField(required=False)
    # Hidden from people by the stylesheet; robots fill in whatever they find.
    website = forms.CharField(required=False)

    def __init__(
        self, data: QueryDict, *, terms: Terms, categories: Sequence[Category] = ()
    ) -> None:
        super().__init__(data)
        self.terms = terms
        _offer(self, categories)

    @property
    def is_a_robots(self) -> bool:
        return any(text.strip() for text in self.sent.getlist("website"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("terms_version") != self.terms.version:
            raise ValidationError(
                gettext(
                    "Our terms & conditions have changed since you opened this page. "
                    "Please read the new ones, then tick the box again."
                ),
                code="terms_changed",
            )
        if cleaned.get("receives") == "topics" and cleaned.get("topics") == []:
            self.add_error("topics", gettext("Please tick at least one of these."))
        return cleaned

    @property
    def chosen(self) -> list[str]:
        """The slugs that were asked for; none of them means everything."""
        if self.cleaned_data["receives"] == "everything":
            return []
        return list(dict.fromkeys(self.cleaned_data["topics"]))


class PreferencesForm(PublicForm):
    """Everything, or the categories that are ticked."""

    receives = forms.ChoiceField(
        choices=RECEIVES,
        error_messages={"required": _("Please choose one of the two.")},
    )
    topics = forms.MultipleChoiceField(required=False)

    def __init__(self, data: QueryDict, *, categories: Sequence[Category]) -> None:
        super().__init__(data)
        _offer(self, categories)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("receives") == "topics" and cleaned.get("topics") == []:
            raise ValidationError(gettext("Please tick at least one category, or unsubscribe."))
        return cleaned


def _offer(form: forms.Form, categories: Sequence[Category]) -> None:
    form.fields["topics"].choices = [(row.slug, row.name) for row in categories]  # type: ignore[attr-defined]


class MoveForm(PublicForm):
    """Another address for the same reader."""

    email = AddressField()

    def __init__(self, data: QueryDict, *, subscriber: Subscriber) -> None:
        super().__init__(data)
        self.subscriber = subscriber

    def clean_email(self) -> Address:
        address = self.cleaned_data["email"]
        if address.email == self.subscriber.email:
            raise ValidationError(gettext("This is the address that we write to already."))
        return address


class EraseForm(PublicForm):
    sure = Agreement(
        error_messages={"required": _("Please tick the box, so that nobody is erased by accident.")}
    )
