"""Faults of a set-up that Django's own deployment check does not look for."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from blog import languages, typefaces
from config.templates import faults
from newsletter import grain


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    backend = settings.MAILERS["default"]["BACKEND"]
    if backend.endswith(("MailboxBackend", "console.EmailBackend", "dummy.EmailBackend")):
        found.append(
            checks.Warning("Mail is not sent anywhere.", hint="Set EMAIL_URL.", id="pennypost.W001")
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS takes any host.", id="pennypost.E002"))
    if not settings.HTTPS:
        found.append(
            checks.Warning(
                "SITE_URL is not an https address.", hint="Set SITE_URL.", id="pennypost.W003"
            )
        )
    if settings.TASKS["default"]["BACKEND"].endswith("ImmediateBackend"):
        found.append(Error("Tasks run inside requests.", id="pennypost.E004"))
    if complaint := grain.asked_too_much():
        found.append(checks.Warning(complaint, hint="Set SEND_BATCH.", id="pennypost.W007"))
    if not settings.SECURE_CSP:
        found.append(Error("There is no Content-Security-Policy.", id="pennypost.E005"))
    return found


@register(Tags.templates)
def check_own_templates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A warning, not an error: a page that looks wrong is no reason to send no mail."""
    return [
        checks.Warning(
            f"{file} is broken: {fault}",
            hint="Ours is used in its place if it cannot be read at all; see docs/looks.md.",
            id="pennypost.W008",
        )
        for file, fault in faults()
    ]


@register(Tags.files, deploy=True)
def check_fonts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether share cards can be drawn in the language of the site."""
    name = languages.own_name(settings.SITE_LANGUAGE)
    tag = languages.tag(settings.SITE_LANGUAGE)
    if typefaces.writing(name, typefaces.BOLD, tag).words:
        return []
    return [
        checks.Warning(
            f"No font here has the letters of {name}: pages are shared by pictures without titles.",
            hint="Install fontconfig and a font; see docs/being-found.md.",
            id="pennypost.W009",
        )
    ]


@register(Tags.database, deploy=True)
def check_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    if connection.vendor == "sqlite" and options.get("transaction_mode") != "IMMEDIATE":
        return [
            Error(
                "SQLite is used without transaction_mode IMMEDIATE: requests that write at the "
                "same time will fail.",
                id="pennypost.E006",
            )
        ]
    return []
