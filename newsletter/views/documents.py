"""The terms & conditions in all their versions, and the privacy page."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import ngettext

from blog import cache
from newsletter import tokens
from newsletter.models import NewsletterSettings, Terms
from newsletter.sweep import KEPT


@cache.public
def terms(request: HttpRequest) -> HttpResponse:
    return _terms(request, Terms.objects.current())


@cache.public
def terms_version(request: HttpRequest, version: str) -> HttpResponse:
    return _terms(request, get_object_or_404(Terms.objects.published(), version=version))


def _terms(request: HttpRequest, shown: Terms | None) -> HttpResponse:
    versions = list(Terms.objects.published().own().defer("text", "html"))
    is_current = shown is not None and shown == next(iter(versions), None)
    context = {
        "terms": shown,
        "versions": versions,
        "is_current": is_current,
        # The current ones have two addresses; search engines are given the one that stays.
        "canonical": reverse("newsletter:terms") if is_current else request.path,
    }
    return render(request, "newsletter/terms.html", context)


@cache.public
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept and for how long, read from the settings that make it so."""
    newsletter = NewsletterSettings.current()
    context = {
        "counts_clicks": newsletter.counts_clicks,
        "counts_loads": newsletter.counts_loads,
        "evidence_kept": in_words(settings.EVIDENCE_DAYS),
        "pending_kept": in_words(settings.PENDING_DAYS),
        "mails_kept": in_words(KEPT.days),
        "link_lasts": in_words(tokens.CONFIRM.lasts.days),
        "mail_stays_here": settings.MAILERS["default"]["BACKEND"].endswith("MailboxBackend"),
        "pictures_from": _host_of_pictures(),
    }
    return render(request, "newsletter/privacy.html", context)


def in_words(days: int) -> str:
    """`3 years`, `30 days`, `a day`."""
    years, rest = divmod(days, 365)
    if years and not rest:
        return ngettext("a year", "%(number)s years", years) % {"number": years}
    return ngettext("a day", "%(number)s days", days) % {"number": days}


def _host_of_pictures() -> str:
    """The other host that readers' browsers fetch pictures from, if there is one."""
    host = urlsplit(default_storage.url("any")).netloc
    return "" if host == urlsplit(settings.SITE_URL).netloc else host
