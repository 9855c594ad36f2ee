"""The block of YAML on top of a Markdown file, read strictly and with its line numbers."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils import timezone
from frontmatter import YAMLHandler

from blog.importers import ImportFault
from blog.text import clean, clean_line

# The YAML parser takes quadratic time for brackets within brackets.
LONGEST, MOST_BRACKETS = 16_000, 100
TEXTS = (
    *("title", "slug", "summary", "status", "series", "author", "cover", "cover_alt"),
    *("canonical_url", "language", "translation_of", "meta_title", "meta_description"),
)
TIMES = ("date", "updated")
# What is neither text nor time: its type, and how a complaint calls that.
OTHERS = {"featured": (bool, "true or false"), "series_position": (int, "a whole number")}
LISTS = ("categories",)
KNOWN = {*TEXTS, *TIMES, *OTHERS, *LISTS}


@dataclass
class FrontMatter:
    """The keys and their values, the line of each, and where the text after it begins."""

    values: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int


def split(source: str, text: str) -> FrontMatter:
    """Raises ImportFault where the block is not what YAML or the contract allows."""
    handler = YAMLHandler()
    if not handler.detect(text):
        return FrontMatter({}, {}, text, 1)
    try:
        block, body = handler.split(text)
    except ValueError:
        raise ImportFault(
            source, 1, "the front matter that begins here does not end: a line of --- is missing"
        ) from None
    if len(block) > LONGEST:
        raise ImportFault(source, 1, f"the front matter is longer than {LONGEST} characters")
    if block.count("[") + block.count("{") > MOST_BRACKETS:
        raise ImportFault(source, 1, f"the front matter has more than {MOST_BRACKETS} brackets")
    if unreadable := yaml.reader.Reader.NON_PRINTABLE.search(block):
        line = block.count("\n", 0, unreadable.start()) + 1
        raise ImportFault(source, line, f"a text has no character U+{ord(unreadable[0]):04X}")
    values, lines = _Reader(source, block).read()
    body_line = text[: len(text) - len(body)].count("\n") + 1
    return FrontMatter(values, lines, body, body_line)


class _Reader:
    """Takes the block apart node by node, since plain loading forgets the lines."""

    def __init__(self, source: str, block: str) -> None:
        self.source = source
        self.block = block
        self.loader = yaml.SafeLoader(block)

    def read(self) -> tuple[dict[str, Any], dict[str, int]]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in self.pairs():
            key = clean_line(str(key_node.value))
            line = key_node.start_mark.line + 1
            if key in lines:
                raise ImportFault(self.source, line, f"{key} is given twice")
            lines[key] = line
            value = self.value(key, value_node, line)
            if value is not None:
                values[key] = value
        return values, lines

    def pairs(self) -> list[tuple[yaml.Node, yaml.Node]]:
        try:
            node = self.loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            raise ImportFault(
                self.source, mark.line + 1 if mark else 1, f"this is not YAML: {error.problem}"
            ) from error
        except Exception as error:  # as in scalar()
            line = self.loader.get_mark().line + 1
            raise ImportFault(self.source, line, "the front matter is not YAML") from error
        if node is None:
            return []
        if not isinstance(node, yaml.MappingNode):
            raise ImportFault(self.source, 1, "front matter must have lines like “title: Hello”")
        return node.value

    def value(self, key: str, node: yaml.Node, line: int) -> Any:
        """The value of a known key in its own type; of another key if it is simple."""
        if key in LISTS:
            nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
            names = [self.text(key, each, each.start_mark.line + 1) for each in nodes]
            return [name for name in names if name]
        if key in TEXTS:
            return self.text(key, node, line)
        if key in TIMES:
            return self.moment(key, node, line)
        if key in OTHERS:
            return self.other(key, node, line)
        return self.scalar(key, node, line) if isinstance(node, yaml.ScalarNode) else ""

    def scalar(self, key: str, node: yaml.Node, line: int) -> Any:
        try:
            return self.loader.construct_object(node)
        except Exception as error:
            # Whatever a text makes PyYAML stumble over comes out as it is: ValueError, KeyError,
            # IndexError, AttributeError. No file may keep the others from being imported.
            raise ImportFault(self.source, line, f"{key} cannot be read: {error}") from error

    def text(self, key: str, node: yaml.Node, line: int) -> str | None:
        value = self.scalar(key, node, line) if isinstance(node, yaml.ScalarNode) else node
        if value is None:
            return None
        if isinstance(value, str):
            # YAML can spell what no database takes, like "\\0".
            return clean(value)
        hint = f": put it in quotes, “{node.value}”" if isinstance(node, yaml.ScalarNode) else ""
        raise ImportFault(self.source, line, f"{key} must be text{hint}")

    def other(self, key: str, node: yaml.Node, line: int) -> Any:
        kind, name = OTHERS[key]
        value = self.scalar(key, node, line) if isinstance(node, yaml.ScalarNode) else node
        # Not isinstance(): true is a whole number to Python.
        if value is None or type(value) is kind:
            return value
        raise ImportFault(self.source, line, f"{key} must be {name}")

    def moment(self, key: str, node: yaml.Node, line: int) -> datetime | None:
        value = self.scalar(key, node, line) if isinstance(node, yaml.ScalarNode) else ""
        try:
            return as_moment(value)
        except ValidationError as error:
            raise ImportFault(self.source, line, f"{key}: {error.messages[0]}") from error
        except ValueError:
            raise ImportFault(
                self.source,
                line,
                f"{key} must be a date like 2026-05-31, or one with a time: 2026-05-31 08:30",
            ) from None


def as_moment(value: object) -> datetime | None:
    """A date is its first moment; a time without an offset is meant in the site's time zone.

    Raises ValueError where it is neither, and ValidationError where the clocks were changed. Which
    dates make sense is for the post to say.
    """
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if not isinstance(value, datetime):
        raise ValueError
    return value if timezone.is_aware(value) else from_current_timezone(value)
