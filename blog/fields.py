"""Model fields whose text is cleaned on its way into the database, whoever saves it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

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


class MailHeader(Line):
    """A line that ends up in the header of a mail: a line break in it is refused, not folded.

    Raises ValidationError also from `save()`, so that no import can carry a second header in.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        refuse_breaks(getattr(model_instance, self.attname))
        return super().pre_save(model_instance, add)

    def to_python(self, value: Any) -> Any:
        refuse_breaks(value)
        return super().to_python(value)


def refuse_breaks(value: Any) -> None:
    """Raise ValidationError where `value` has a character that could start a new header line."""
    if isinstance(value, str) and any(
        ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in value
    ):
        raise ValidationError("Please keep this on one line, without control characters.")


def _cleaned(
    field: models.Field, instance: models.Model, add: bool, read: Any, cleaner: Any
) -> Any:
    value = read(instance, add)
    if isinstance(value, str):
        value = cleaner(value)
        setattr(instance, field.attname, value)
    return value
