"""Which other sites a page may show inside itself: those of its own films, and none on others."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csp import csp_override


def letting_in(origins: list[str], request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """`response` with a Content-Security-Policy that lets it frame `origins` too."""
    if not origins:
        return response
    policy = settings.SECURE_CSP
    wider = {**policy, "frame-src": [*policy["frame-src"], *origins]}
    return csp_override(wider)(lambda _request: response)(request)
