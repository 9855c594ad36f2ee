"""Who may keep a copy of a page."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, overload

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]


@overload
def public(view: View, /, *, params: tuple[str, ...] = (), kept: bool = True) -> View: ...
@overload
def public(*, params: tuple[str, ...] = (), kept: bool = True) -> Callable[[View], View]: ...
def public(view: View | None = None, /, *, params: tuple[str, ...] = (), kept: bool = True) -> Any:
    """Mark a page as the same bytes for everyone: anybody may keep it, and asks before use.

    `params` are the query parameters that it has; it never sees another. Without `kept` this site
    itself keeps no copy, because there could be endlessly many.

    It can only be read, so any other method is answered with 405 before a token is asked for.
    """
    if view is None:
        return partial(public, params=params, kept=kept)

    @csrf_exempt
    @require_safe
    @wraps(view)
    def marked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.META.get("QUERY_STRING"):
            request.GET = only(params, request.GET)  # type: ignore[assignment]
            request.META["QUERY_STRING"] = request.GET.urlencode()
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response.headers.setdefault("Cache-Control", lifetime())
        return response

    marked.is_public = True  # type: ignore[attr-defined]
    marked.params = params  # type: ignore[attr-defined]
    marked.kept = kept  # type: ignore[attr-defined]
    return marked


def busy(view: View) -> View:
    """Mark what takes the same form from very many: it may use what an edition keeps.

    Not for a view that changes anything of that, and shows it in its own answer.
    """
    view.is_busy = True  # type: ignore[attr-defined]
    return view


def only(params: tuple[str, ...], query: QueryDict) -> QueryDict:
    """The query with nothing in it but `params`, each once, in their order."""
    return QueryDict(urlencode([(name, str(query[name])) for name in params if name in query]))


def lifetime() -> str:
    """Always asked for again, unless the operator lets a CDN answer for some seconds."""
    if settings.CDN_SECONDS:
        return f"public, max-age=0, s-maxage={settings.CDN_SECONDS}"
    return "public, no-cache"


class PrivateByDefault:
    """Whatever is not marked public is nobody's to keep."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            patch_cache_control(response, private=True, no_store=True)
        return response
