"""Languages, as pages name them. Which of them our own words come in is a setting."""

from django.conf import global_settings, settings
from django.conf.locale import LANG_INFO
from django.utils.translation import gettext


def choices() -> list[tuple[str, str]]:
    """Every language that has a name in Django, in the words of whoever chooses."""
    named = [(code, gettext(name)) for code, name in global_settings.LANGUAGES]
    return sorted(named, key=lambda language: language[1].casefold())


def nearest(code: str, known: list[tuple[str, str]]) -> str:
    """The known language that `code` is, or is a variant of, as `es-mx` of `es`; or else empty."""
    codes = dict(known)
    return next((one for one in (code, code.partition("-")[0]) if one in codes), "")


def spoken(code: str) -> str:
    """The language of our own words in a text that is in this one."""
    return nearest(code, settings.LANGUAGES) or settings.LANGUAGE_CODE


def code_of(tag: str) -> str:
    """Django's code of a language that is written as `pt-BR`, `pt_br` or `PT-br`; or else empty."""
    code = tag.replace("_", "-").lower()
    return code if code in dict(global_settings.LANGUAGES) else ""


def or_site(code: str) -> str:
    """The language itself, or the site's where none is given."""
    return code or settings.SITE_LANGUAGE


def tag(code: str) -> str:
    """As HTML and feeds write it (RFC 5646 section 2.1.1): `zh-Hans`, `pt-BR`."""
    language, *parts = code.split("-")
    return "-".join(
        [language, *(part.upper() if len(part) == 2 else part.title() for part in parts)]
    )


def is_from_right(code: str) -> bool:
    return bool(_about(code).get("bidi"))


def own_name(code: str) -> str:
    """What its speakers call it: `Deutsch`, `日本語`."""
    name = str(_about(code).get("name_local", tag(code)))
    return name[:1].upper() + name[1:]


def _about(code: str) -> dict:
    return LANG_INFO.get(code) or LANG_INFO.get(code.partition("-")[0]) or {}
