"""What a public POST may carry: a small form in UTF-8, as browsers and mail programs send it."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]
# The longest honest form is an address and a few boxes.
MAX_BYTES = 64_000
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


def takes_small_form(view: View) -> View:
    """Refuse what is far too long (413), no form (415), or a form that is broken (400)."""

    @wraps(view)
    def bounded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "POST":
            if _length(request) > MAX_BYTES:
                return render(request, "newsletter/not_a_form.html", status=413)
            if not _is_form(request):
                return render(request, "newsletter/not_a_form.html", status=415)
            if not _is_whole(request):
                return render(request, "newsletter/not_a_form.html", status=400)
            # Now, while nothing has been done yet: for other faults Django itself answers 400.
            _ = request.POST
        return view(request, *args, **kwargs)

    return bounded


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _is_form(request: HttpRequest) -> bool:
    """A form, or no body at all. Other charsets than UTF-8 only serve to confuse a decoder."""
    if not _length(request):
        return True
    charset = (request.content_params or {}).get("charset", "utf-8")
    return request.content_type in FORMS and charset.lower() in {"utf-8", "utf8"}


def _is_whole(request: HttpRequest) -> bool:
    """Django reads whatever there is of a multipart body; one that broke off lacks its end."""
    if not _length(request) or request.content_type != "multipart/form-data":
        return True
    boundary = (request.content_params or {}).get("boundary", "")
    return bool(boundary) and f"--{boundary}--".encode() in request.body
