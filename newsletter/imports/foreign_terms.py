"""The terms that imported people agreed to: ours, or another list's, which we then keep."""

import hashlib

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext

from blog.text import clean
from newsletter.models import Terms


def find(version: str, text: str | None, *, dry: bool = False) -> Terms:
    """The terms of that version; with `text`, stored as another list's where they are new.

    Raises ValidationError where there are none, or where that version has other words.
    """
    there = Terms.objects.published().filter(version=version).first()
    if text is None:
        if there is None:
            raise ValidationError(
                gettext("There are no published terms with the version “%(version)s”.")
                % {"version": version}
            )
        return there
    if there:
        if there.text_hash != hashlib.sha256(clean(text).encode()).hexdigest():
            raise ValidationError(
                gettext("There are terms “%(version)s” here, and they say something else.")
                % {"version": version}
            )
        return there
    terms = Terms(version=version, text=text, kind=Terms.Kind.EXTERNAL, published_at=timezone.now())
    terms.full_clean(exclude=["html", "text_hash"])
    if not dry:
        terms.save()
    return terms
