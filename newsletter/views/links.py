"""Pages behind the links in a mail."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import tokens
from newsletter.bodies import takes_small_form

View = Callable[[HttpRequest, str], HttpResponse]


def token_page(view: View) -> View:
    """A page whose path is a secret: that proves a POST, and keeps search engines out.

    Whoever has the link may press the button, so no cookie and no CSRF token is asked for; mail
    programs have neither (RFC 8058 section 3.2).
    """

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @takes_small_form
    @wraps(view)
    def kept_private(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["X-Robots-Tag"] = "noindex"
        return response

    return kept_private


def signed_link(purpose: tokens.Purpose) -> Callable[[View], View]:
    """A token page whose token is signed and expires; the view gets what was signed."""

    def decorate(view: View) -> View:
        @token_page
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            try:
                value = purpose.read(token)
            except tokens.Expired:
                return expired(request)
            except tokens.Forged:
                raise Http404 from None
            return view(request, value)

        return opened

    return decorate


def expired(request: HttpRequest) -> HttpResponse:
    """The same for whoever it was meant for, and whatever became of her."""
    return render(request, "newsletter/link_expired.html", status=410)
