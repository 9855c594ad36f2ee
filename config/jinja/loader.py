"""Where public templates are found: the site's own first, then ours."""

import logging
from collections.abc import Callable
from pathlib import Path

import jinja2
from django.conf import settings
from jinja2 import meta
from jinja2.loaders import split_template_path

logger = logging.getLogger("pennypost.templates")

OURS = Path(settings.BASE_DIR) / "templates"
# Before the name of a template that must be ours, whatever the site has of its own.
OURS_ALONE = "ours:"
FOLDERS = {"blog", "feeds", "newsletter"}
ENDINGS = (".html", ".xml")


def is_public(name: str) -> bool:
    """Whether a template is a page's: in one of FOLDERS, or in none, like base.html."""
    folder, slash, _ = name.partition("/")
    return name.endswith(ENDINGS) and (not slash or folder in FOLDERS)


class PublicTemplates(jinja2.BaseLoader):
    """Reads them from TEMPLATES_DIR, or from ours where there is none, or only a broken one."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        file = self._file(environment, template)
        changed = file.stat().st_mtime

        def is_as_it_was() -> bool:
            now = self._file(environment, template)
            return now == file and now.stat().st_mtime == changed

        return file.read_text(encoding="utf-8"), str(file), is_as_it_was

    def _file(self, environment: jinja2.Environment, template: str) -> Path:
        name = template.removeprefix(OURS_ALONE)
        if not is_public(name):
            raise jinja2.TemplateNotFound(template)
        path = Path(*split_template_path(name))
        own, ours = settings.TEMPLATES_DIR / path, OURS / path
        if name == template and own.is_file() and is_whole(environment, own):
            return own
        if not ours.is_file():
            raise jinja2.TemplateNotFound(template)
        return ours


def is_whole(environment: jinja2.Environment, file: Path) -> bool:
    try:
        environment.compile(file.read_text(encoding="utf-8"), filename=str(file))
    except (jinja2.TemplateSyntaxError, ValueError, OSError) as error:
        if settings.DEBUG and isinstance(error, jinja2.TemplateSyntaxError):
            return True  # so that the page for errors shows the very line
        logger.error("%s is not used: %s", file, error)
        return False
    return True


def fault_of_page(environment: jinja2.Environment, file: Path, name: str) -> str:
    """Why a template of the site's own cannot be used; empty where it can."""
    try:
        text = file.read_text(encoding="utf-8")
        environment.compile(text, name, str(file))
        for wanted in meta.find_referenced_templates(environment.parse(text)):
            # One of the same name is ours, which it adds to.
            if wanted and wanted != name:
                environment.get_template(wanted)
    except jinja2.TemplateNotFound as error:
        return f"there is no template {error.name}"
    except jinja2.TemplateSyntaxError as error:
        return f"{error.message} (line {error.lineno})"
    except (ValueError, OSError) as error:
        return str(error)
    return ""
