"""{% translate %} and {% blocktranslate %} in Jinja2, as `make messages` reads them.

They are written and mean the same as in Django's own templates, so one command collects the words
of all templates, and translators see one kind of message.
"""

from typing import Any

from django.utils.formats import localize
from django.utils.translation import gettext, ngettext, trim_whitespace
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

END = ("name:plural", "name:endblocktranslate")


class Translations(Extension):
    tags = {"translate", "blocktranslate"}

    def parse(self, parser: Parser) -> nodes.Node:
        tag = next(parser.stream)
        if tag.value == "translate":
            return self._line(parser, tag.lineno)
        return self._block(parser, tag.lineno)

    def _line(self, parser: Parser, lineno: int) -> nodes.Node:
        """{% translate "words" %}, or {% translate "words" as name %}."""
        words = nodes.Const(parser.stream.expect("string").value)
        said = self.call_method("said", [words], lineno=lineno)
        if parser.stream.skip_if("name:as"):
            name = parser.parse_assign_target(name_only=True)
            return nodes.Assign(name, said, lineno=lineno)
        return nodes.Output([said], lineno=lineno)

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
        pairs = [nodes.Pair(nodes.Const(name), value) for name, value in given.items()]
        arguments: list[nodes.Expr] = [nodes.Const(one), nodes.Dict(pairs)]
        if many is not None and counted:
            arguments += [nodes.Const(many), values[counted]]
        said = self.call_method("said", arguments, lineno=lineno)
        return nodes.Output([said], lineno=lineno)

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

    @staticmethod
    def said(
        one: str, values: dict[str, Any] | None = None, many: str | None = None, number: int = 0
    ) -> Markup:
        """The message in the page's language: its own HTML stands, its values are escaped."""
        message = gettext(one) if many is None else ngettext(one, many, number)
        if values is None:
            return Markup(message)  # noqa: S704 (our own words, and our translators')
        shown = {name: localize(value) for name, value in values.items()}
        return Markup(message) % shown  # noqa: S704
