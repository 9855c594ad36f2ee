"""{% translate %} and {% blocktranslate %} in Jinja2, as `make messages` reads them.

They are written and mean the same as in Django's own templates, so one command collects the words
of all templates, and translators see one kind of message. A template is compiled for one language
(config/jinja), so its words are looked up then, and not for each page.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.utils.formats import localize
from django.utils.translation import gettext, ngettext, trim_whitespace
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

END = ("name:plural", "name:endblocktranslate")
# What a message has beside its words: the place of a value, or a sign for percent.
PLACE = re.compile(r"%\((\w+)\)s|%(%)")
# Counts that are remembered in words.
MOST_COUNTS = 1_000


class Translations(Extension):
    tags = {"translate", "blocktranslate"}

    def parse(self, parser: Parser) -> nodes.Node:
        tag = next(parser.stream)
        if tag.value == "translate":
            return self._line(parser, tag.lineno)
        return self._block(parser, tag.lineno)

    def _line(self, parser: Parser, lineno: int) -> nodes.Node:
        """{% translate "words" %}, or {% translate "words" as name %}."""
        words = gettext(parser.stream.expect("string").value)
        if parser.stream.skip_if("name:as"):
            name = parser.parse_assign_target(name_only=True)
            return nodes.Assign(name, nodes.MarkSafe(nodes.Const(words)), lineno=lineno)
        return nodes.Output([nodes.TemplateData(words)], lineno=lineno)

    def _block(self, parser: Parser, lineno: int) -> nodes.Node:
        """{% blocktranslate trimmed with name=value count name=value %}…{% endblocktranslate %}"""
        is_trimmed = bool(parser.stream.skip_if("name:trimmed"))
        values: dict[str, nodes.Expr] = {}
        counted = None
        while parser.stream.current.type != "block_end":
            is_count = bool(parser.stream.skip_if("name:count"))
            parser.stream.skip_if("name:with")
            name = parser.stream.expect("name").value
            parser.stream.expect("assign")
            values[name] = parser.parse_expression()
            counted = name if is_count else counted
        parser.stream.expect("block_end")
        one, named = self._words(parser, is_trimmed)
        many = None
        if parser.stream.skip_if("name:plural"):
            parser.stream.expect("block_end")
            many, also_named = self._words(parser, is_trimmed)
            named |= also_named
        parser.stream.expect("name:endblocktranslate")
        given = {name: values.get(name) or nodes.Name(name, "load") for name in sorted(named)}
        if many is None or counted is None:
            return nodes.Output([*_said(gettext(one), given)], lineno=lineno)
        pairs = [nodes.Pair(nodes.Const(name), value) for name, value in given.items()]
        arguments = [nodes.Const(one), nodes.Const(many), values[counted], nodes.Dict(pairs)]
        return nodes.Output([self.call_method("counted", arguments)], lineno=lineno)

    def _words(self, parser: Parser, is_trimmed: bool) -> tuple[str, set[str]]:
        """The message with %(name)s for each {{ name }}, and those names."""
        words, named = [], set()
        while True:
            token = parser.stream.current
            if token.type == "data":
                words.append(token.value.replace("%", "%%"))
                next(parser.stream)
            elif token.type == "variable_begin":
                next(parser.stream)
                name = parser.stream.expect("name").value
                parser.stream.expect("variable_end")
                words.append(f"%({name})s")
                named.add(name)
            else:
                parser.stream.expect("block_begin")
                if not parser.stream.current.test_any(*END):
                    parser.fail("Only words and {{ names }} can be translated in a block.")
                text = "".join(words)
                return (trim_whitespace(text) if is_trimmed else text), named

    def counted(self, one: str, many: str, number: int, values: dict[str, Any]) -> Markup:
        """The message for so many: its own HTML stands, its values are escaped."""
        if all(type(value) is int for value in values.values()):
            language = self.environment.language  # type: ignore[attr-defined]
            return numbered(language, one, many, number, *values.items())
        return _counted(one, many, number, values)


@lru_cache(MOST_COUNTS)
def numbered(language: str, one: str, many: str, number: int, *values: tuple[str, int]) -> Markup:
    """Remembered, since of most posts one says the same: how many minutes it takes to read."""
    return _counted(one, many, number, dict(values))


def _counted(one: str, many: str, number: int, values: dict[str, Any]) -> Markup:
    shown = {name: localize(value) for name, value in values.items()}
    return Markup(ngettext(one, many, number)) % shown  # noqa: S704 (our translators' words)


def _said(message: str, values: dict[str, nodes.Expr]) -> Iterator[nodes.Expr]:
    """A message in parts: its words stand as they are, its values are escaped."""
    start = 0
    for place in PLACE.finditer(message):
        name, percent = place.groups()
        yield nodes.TemplateData(message[start : place.start()] + (percent or ""))
        if name:
            yield nodes.Filter(values[name], "localize", [], [], None, None)
        start = place.end()
    yield nodes.TemplateData(message[start:])
