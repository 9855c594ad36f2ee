"""Old address to new, only after nothing was found."""

from collections.abc import Callable

from django.core.exceptions import DisallowedRedirect
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from blog.models import Redirect


class Moved:
    """Turn a 404 into a redirect where the address once was another one's.

    The answer is `no-cache`: an address can come back to life.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in {"GET", "HEAD"}:
            return response
        target = Redirect.objects.target_of(request.path)
        if target is None:
            return response
        try:
            moved = HttpResponsePermanentRedirect(target)
        except (ValueError, DisallowedRedirect):  # no address at all, or one that is too long
            return response
        moved["Cache-Control"] = "no-cache"
        return moved
