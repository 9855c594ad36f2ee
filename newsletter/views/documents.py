"""The terms & conditions in all their versions, and the privacy page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from blog import cache
from newsletter.models import Terms


@require_safe
@cache.public
def terms(request: HttpRequest) -> HttpResponse:
    versions = list(Terms.objects.published())
    context = {"terms": versions[0] if versions else None, "versions": versions}
    return render(request, "newsletter/terms.html", context)


@require_safe
@cache.public
def terms_version(request: HttpRequest, version: str) -> HttpResponse:
    versions = Terms.objects.published()
    context = {"terms": get_object_or_404(versions, version=version), "versions": versions}
    return render(request, "newsletter/terms.html", context)


@require_safe
@cache.public
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/privacy.html")
