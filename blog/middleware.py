"""Old address to new, only after nothing was found."""

import re
from collections.abc import Callable

from django.core.exceptions import DisallowedRedirect
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from blog.models import Page, Redirect

SLUG = re.compile(r"[-\w]+")


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
        target = Redirect.objects.target_of(request.path) or _with_slash(request.path)
        if target is None:
            return response
        try:
            moved = HttpResponsePermanentRedirect(target)
        except (ValueError, DisallowedRedirect):  # no address at all, or one that is too long
            return response
        moved["Cache-Control"] = "no-cache"
        return moved


def _with_slash(path: str) -> str | None:
    """`/about/` for `/about`, where there is such a page: Django cannot know which there are."""
    slug = path[1:]
    if not SLUG.fullmatch(slug):
        return None
    page = Page.objects.published().filter(slug=slug).only("slug").first()
    return page.get_absolute_url() if page else None
