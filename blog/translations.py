"""One post that was written first, and those that say the same in other languages."""

from typing import NoReturn

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from blog import languages
from blog.models import Post


def check_translation(post: Post, first: Post, language: str) -> None:
    """Raises ValidationError where `post`, written in `language`, cannot be what says `first`.

    `first` is no translation itself: whoever has one passes what that translates.
    """
    if first == post:
        refuse("translation_of", gettext("A post cannot translate itself."))
    if post.pk and post.translations.exists():
        text = gettext("Other posts translate this one, so it is the first and translates none.")
        refuse("translation_of", text)
    others = first.translations.exclude(pk=post.pk)
    taken = {first.language, *others.values_list("language", flat=True)}
    if languages.or_site(language) in {languages.or_site(code) for code in taken}:
        text = gettext("There is “%(title)s” in this language already, or another translation.")
        refuse("language", text % {"title": first})


def refuse(field: str, text: str) -> NoReturn:
    raise ValidationError({field: text})
