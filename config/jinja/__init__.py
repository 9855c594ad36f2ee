"""The language of the public templates: Jinja2, with what our pages ask of it. docs/looks.md.

The newsroom's templates and those of mails are in Django's own language. Pages are in Jinja2, which
compiles them: a page is made in half of the time.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, lru_cache
from typing import Any

import jinja2
from django.template.defaultfilters import date as in_words
from django.template.defaultfilters import linebreaksbr, truncatewords, urlencode
from django.templatetags.static import static
from django.utils.formats import localize
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import get_language, gettext
from markupsafe import Markup

from blog.links import absolute, path_of
from blog.markdown import safe
from blog.templatetags import blog as tags
from config.jinja.code import Code, escaped
from config.jinja.loader import OURS_ALONE, PublicTemplates
from config.jinja.translations import Translations, numbered

# Templates of one language that are kept: there are some dozens of them, and they do not change.
KEEP_ALL = -1
# Where words stand as they are in the templates.
NO_LANGUAGE = "none"
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# Dates that are remembered in words; a page of posts has a few dozen.
MOST_DATES = 2_000
# As many numbers as are remembered as they are written.
MOST_NUMBERS = 1_000


class Nothing(jinja2.ChainableUndefined):
    """What a template names and nobody gave it: nothing, also when it is called or compared."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self

    def _is_not(self, other: Any) -> Any:
        return False

    __gt__ = __ge__ = __lt__ = __le__ = _is_not


class Context(jinja2.runtime.Context):
    def call(
        self, called: Any, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **named: Any
    ) -> Any:
        """Jinja2 looks first whether what is called wants a context; nothing of ours does."""
        return called(*args, **named)


class Environment(jinja2.Environment):
    """Leads on to one for each language, in which templates are compiled with their words."""

    code_generator_class = Code
    context_class = Context
    escaped = staticmethod(escaped)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.language: str | None = None
        self.others: dict[str, Environment] = {}

    def now(self) -> "Environment":
        """The one of the language that is spoken now."""
        language = get_language() or NO_LANGUAGE
        if language not in self.others:
            other: Environment = self.overlay(cache_size=KEEP_ALL)  # type: ignore[assignment]
            other.language = language
            if not self.auto_reload:
                other.get_template = cache(other.get_template)  # type: ignore[method-assign]
            self.others[language] = other
        return self.others[language]

    def forget(self) -> None:
        """Read all templates anew, and look their words up again."""
        self.others.clear()
        numbered.cache_clear()

    def get_template(self, *args: Any, **named: Any) -> jinja2.Template:
        if self.language:
            return super().get_template(*args, **named)
        return self.now().get_template(*args, **named)

    def from_string(self, *args: Any, **named: Any) -> jinja2.Template:
        if self.language:
            return super().from_string(*args, **named)
        return self.now().from_string(*args, **named)

    def make_globals(self, added: Any) -> Any:
        """One dict, where Jinja2 looks through a chain of them for each template that is used."""
        return {**self.globals, **added} if added else self.globals

    def join_path(self, template: str, parent: str) -> str:
        """A template of the site's own that names itself means ours, which it builds on."""
        return f"{OURS_ALONE}{template}" if template == parent else template


def environment(**options: Any) -> Environment:
    """Made once a process, by Django."""
    made = Environment(
        **options | {"loader": PublicTemplates(), "undefined": Nothing},
        extensions=[Translations],
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {
        "_": gettext,
        "site_language": tags.site_language,
        "post_data": tags.post_data,
        "site_data": tags.site_data,
        "category_data": tags.category_data,
        "author_data": tags.author_data,
    }
    made.filters |= {
        "absolute": absolute,
        "bare_address": tags.bare_address,
        "cdata": cdata,
        "date": date,
        "language_name": tags.language_name,
        "language_tag": tags.language_tag,
        "linebreaksbr": linebreaksbr,
        "localize": localized,
        "machine_date": machine_date,
        "mail_date": format_datetime,
        "own_language": tags.own_language,
        # Of a name that stands in the template itself both are found when that is compiled.
        "static": static,
        "stored_html": safe,
        "time_tag": time_tag,
        "truncatewords": truncatewords,
        "url": path_of,
        "urlencode": urlencode,
    }
    return made


@jinja2.pass_environment
def date(environment: Environment, value: Any, form: str) -> str:
    """A moment in the site's time zone and the page's language; `form` as in Django's filter."""
    return spelled(value, form, environment.language, get_default_timezone()) if value else ""


@jinja2.pass_environment
def time_tag(environment: Environment, value: Any, form: str) -> str:
    """A moment as a <time>: as `date` writes it, and for machines."""
    return element(value, form, environment.language, get_default_timezone()) if value else ""


@jinja2.pass_environment
def localized(environment: Environment, value: Any) -> Any:
    """A number as the page's language writes it; anything else as it is."""
    return printed(value, environment.language) if type(value) is int else localize(value)


@lru_cache(MOST_NUMBERS)
def printed(number: int, _language: str | None) -> str:
    return localize(number)  # type: ignore[no-any-return]


@lru_cache(MOST_DATES)
def spelled(value: Any, form: str, *where: Any) -> str:
    """Remembered for each place in `where`, since a page has dozens of dates, and few days."""
    return in_words(localtime(value) if isinstance(value, datetime) else value, form)


@lru_cache(MOST_DATES)
def element(value: datetime, form: str, *where: Any) -> Markup:
    moment, words = machine_date(value), spelled(value, form, *where)
    return Markup('<time datetime="{}">{}</time>').format(moment, words)


def cdata(text: str) -> Markup:
    """Text in XML as it is, without a sign escaped (XML 1.0, section 2.7)."""
    if "]" in text:
        # What XML cannot hold is taken out at last, and must not hide the end until then.
        text = CONTROLS.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return Markup(f"<![CDATA[{text}]]>")  # noqa: S704


def machine_date(value: datetime) -> str:
    """The same for machines, as the `datetime` of a <time> has it: in UTC, to the second."""
    return value.astimezone(UTC).isoformat(timespec="seconds")
