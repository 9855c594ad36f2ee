"""The pages for a request that is broken, and for a site that is."""

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines

from config.logs import request_id

PLAIN = settings.BASE_DIR / "templates" / "500_plain.html"

logger = logging.getLogger("pennypost.errors")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 (RFC 9110 section 15.5.14) where nothing but its size is wrong with it."""
    too_large = isinstance(exception, RequestDataTooBig)
    status = 413 if too_large else 400
    return render(request, "400.html", {"too_large": too_large}, status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """The site's own page; if that cannot be made either, one that needs nothing but its file."""
    context = {"request_id": request_id.get()}
    try:
        return render(request, "500.html", context, status=500)
    except Exception:
        # Most likely the database is away, which is what broke the first page too. Or else it is
        # a template of the site's own, so this one is read past those.
        logger.warning("The error page itself could not be made.", exc_info=True)
        plain = engines["jinja2"].from_string(PLAIN.read_text(encoding="utf-8"))
        return HttpResponse(plain.render(context), status=500)
