"""Model fields whose text is cleaned on its way into the database, whoever saves it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext

from blog.text import clean, clean_line


class Line(models.CharField):
    """Text without line breaks or control characters; white space is folded."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return _cleaned(self, model_instance, add, super().pre_save, clean_line)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return clean_line(value) if isinstance(value, str) else value


class Prose(models.TextField):
    """Text of several lines: normalised, without control characters."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return _cleaned(self, model_instance, add, super().pre_save, clean)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return clean(value) if isinstance(value, str) else value


def refuse_in_header(value: Any) -> None:
    """Raise ValidationError where `value` could start a new header line, now or once decoded."""
    if not isinstance(value, str):
        return
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in value):
        raise ValidationError(gettext("Please keep this on one line, without control characters."))
    # RFC 2047, section 2: the start of an encoded word, which may hide a line break.
    if "=?" in value:
        raise ValidationError(gettext("Please write this without “=?”."))


class MailHeader(Line):
    """A line that ends up in the header of a mail: a line break in it is refused, not folded.

    Raises ValidationError also from `save()`, so that no import can carry a second header in.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        refuse_in_header(getattr(model_instance, self.attname))
        return super().pre_save(model_instance, add)

    def to_python(self, value: Any) -> Any:
        refuse_in_header(value)
        return super().to_python(value)


class MailAddress(models.EmailField):
    """An address that ends up in the header of a mail: as strict, whoever saves it."""

    default_validators = [*models.EmailField.default_validators, refuse_in_header]

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        self.run_validators(value)
        return value


def _cleaned(
    field: models.Field, instance: models.Model, add: bool, read: Any, cleaner: Any
) -> Any:
    value = read(instance, add)
    if isinstance(value, str):
        value = cleaner(value)
        setattr(instance, field.attname, value)
    return value
