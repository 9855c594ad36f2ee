"""Rules of the house that no linter knows."""

import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
CODE = [path for app in ("blog", "newsletter", "config") for path in (ROOT / app).rglob("*.py")]
TEMPLATES = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.svg")]


def found(pattern: str, paths: list[Path]) -> set[str]:
    """The files in which the pattern occurs."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_html_is_marked_safe_in_one_room_only():
    assert found(r"mark_safe\(|SafeString\(", CODE) == {"blog/markdown/__init__.py"}


@pytest.mark.parametrize("pattern", [r"\|\s*safe\b", r"autoescape off", r"\|\s*safeseq"])
def test_no_template_switches_escaping_off(pattern):
    pages = [path for path in TEMPLATES if "emails" not in path.parts]

    assert len(pages) > 10
    assert found(pattern, pages) == set()


@pytest.mark.parametrize(
    "pattern",
    [r"\sstyle=[\"']", r"<style", r"<script>", r"\son[a-z]+=[\"']", r"javascript:"],
    ids=["style attribute", "style element", "inline script", "handler", "javascript address"],
)
def test_no_page_needs_what_the_security_policy_forbids(pattern):
    pages = [path for path in TEMPLATES if "emails" not in path.parts]

    assert found(pattern, pages) == set()


def test_no_page_loads_anything_from_another_host():
    loads = r"<(?:script|img|iframe|source|video|audio)[^>]+src=[\"']https?:|url\(\s*[\"']?https?:"
    styles = [
        path
        for app in ("blog", "newsletter", "config")
        for path in (ROOT / app).rglob("static/**/*")
        if path.suffix in {".css", ".js"}
    ]

    assert found(loads, [*TEMPLATES, *styles]) == set()


def test_no_moment_is_written_to_the_millionth_of_a_second():
    """HTML takes three digits of a fraction, and Django's `c` writes six."""
    assert found(r"datetime=\"\{\{[^}]+date:.c.", TEMPLATES) == set()


def test_row_that_was_never_saved_has_values_and_no_expressions():
    unset = {
        f"{model.__name__}.{field.name}"
        for app in ("blog", "newsletter")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if field.has_db_default() and not field.has_default()
    }

    # When a delivery is due says the database's clock.
    assert unset == {"Delivery.due_at"}
