"""Templates of the site's own, in place of ours: docs/looks.md.

Here are those of mails and of the newsroom; config/jinja has the public ones.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.template import (
    Engine,
    Origin,
    Template,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    engines,
)
from django.template.base import Node
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.template.loaders import filesystem

from config.jinja.loader import fault_of_page, is_public

logger = logging.getLogger("pennypost.templates")


class OwnTemplates(filesystem.Loader):
    """Reads them from TEMPLATES_DIR. Where one is broken ours stands in for it."""

    def get_dirs(self) -> list[str | Path]:
        return [settings.TEMPLATES_DIR]

    def get_contents(self, origin: Origin) -> str:
        try:
            text = super().get_contents(origin)
            Template(text, origin, str(origin.template_name), self.engine)
        except TemplateDoesNotExist:
            raise
        except (TemplateSyntaxError, ValueError, OSError) as error:
            if settings.DEBUG and isinstance(error, TemplateSyntaxError):
                raise  # Django shows the very line
            logger.error("%s is not used: %s", origin.name, error)
            raise TemplateDoesNotExist(origin) from error
        return text


def faults() -> Iterator[tuple[Path, str]]:
    """The files in TEMPLATES_DIR that cannot be used, each with the reason."""
    backends: Any = engines
    pages, others = backends["jinja2"].env, backends["django"].engine
    for file in sorted(settings.TEMPLATES_DIR.rglob("*")):
        if not file.is_file() or file.suffix not in {".html", ".txt", ".xml", ".svg"}:
            continue
        name = file.relative_to(settings.TEMPLATES_DIR).as_posix()
        fault = fault_of_page(pages, file, name) if is_public(name) else _fault(others, file, name)
        if fault:
            yield file, fault


def _fault(engine: Engine, file: Path, name: str) -> str:
    try:
        template = Template(file.read_text(encoding="utf-8"), Origin(str(file), name), name, engine)
        for wanted in _named_in(template.nodelist.get_nodes_by_type(Node)):
            # One of the same name is ours, which it adds to.
            if wanted != name:
                engine.find_template(wanted)
    except TemplateDoesNotExist as error:
        return f"there is no template {error}"
    except (TemplateSyntaxError, SuspiciousOperation, ValueError, OSError) as error:
        return str(error)
    return ""


def _named_in(nodes: list[Node]) -> Iterator[str]:
    """The templates that it extends or includes, as far as it names them outright."""
    for node in nodes:
        named: Any = None
        if isinstance(node, ExtendsNode | IncludeNode):
            named = node.parent_name if isinstance(node, ExtendsNode) else node.template
        if named and isinstance(named.var, str):
            yield named.var
