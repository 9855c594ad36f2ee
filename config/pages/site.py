"""The site behind the pages: as a whole, and what of it public pages are made by."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from config.middleware import name_request
from config.pages.page import Answer, Environ, Headers, StartResponse

# In a request for a public page its ResolverMatch. No header of a request can have this name.
PUBLIC = "pennypost.public"
# In a request what the view answered, for the middleware; and that nothing is special about it.
MADE, USUAL = "pennypost.made", "pennypost.usual"
# How a response says that the middleware has to say something of its own with it.
OWN_WORDS = ("_csp_config", "_csp_ro_config", "xframe_options_exempt")


class PublicSite(WSGIHandler):
    """WSGI: the site without what knows who asks, for requests whose Host was looked at already.

    Nothing in it knows a session, an account or a token, so no view can make a public page differ
    from reader to reader. And what PUBLIC_MIDDLEWARE says with one page it says with all, so it is
    asked once and not for each of them. Whatever else a view answers, as an error, goes through it.
    """

    _middleware_chain: Any

    def __init__(self) -> None:
        ask_view: Any = partial(BaseHandler._get_response, self)  # type: ignore[attr-defined]
        self.view: Callable[[HttpRequest], Any] = convert_exception_to_response(ask_view)
        self.usual: dict[str, Headers] = {}
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        # Django has one list, and reads it here.
        whole = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.PUBLIC_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = whole

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        def begin(status: str, headers: Headers, *fault: Any) -> Any:
            if USUAL in environ:
                headers = [*headers, *self._usual(environ["wsgi.url_scheme"], headers)]
            return start_response(status, headers, *fault)

        return super().__call__(environ, begin)

    def get_response(self, request: HttpRequest) -> Any:
        name = name_request()
        response = self.view(request)
        if is_usual(response):
            request.META[USUAL] = True
            response._resource_closers.append(request.close)
            return response
        request.META[MADE] = response
        whole: Any = super().get_response(request)
        whole["X-Request-Id"] = name
        return whole

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Innermost of the middleware: what the view answered before."""
        return request.META.pop(MADE)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        request.resolver_match = request.META[PUBLIC]
        return request.META[PUBLIC]

    def _usual(self, scheme: str, said: Headers) -> Headers:
        """What the middleware says with every page, but for what this one says itself."""
        if scheme not in self.usual:
            self.usual[scheme] = self._said_with_every_page(scheme)
        names = {name for name, _ in said}
        return [header for header in self.usual[scheme] if header[0] not in names]

    def _said_with_every_page(self, scheme: str) -> Headers:
        page = HttpResponse(headers={"Cache-Control": "public"})
        own = {*page.headers}
        environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": scheme, "wsgi.input": BytesIO()}
        response = self._middleware_chain(WSGIRequest(environ | {MADE: page}))
        return [header for header in response.items() if header[0] not in own]


class WholeSite:
    """WSGI: everything that Django answers, each by the way that is right for it."""

    def __init__(self) -> None:
        self.whole, self.public = WSGIHandler(), PublicSite()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Answer:
        asked = self.public if PUBLIC in environ else self.whole
        return asked(environ, start_response)


def is_usual(response: HttpResponseBase) -> bool:
    """A page like all others, for the middleware."""
    return response.status_code == 200 and not any(hasattr(response, own) for own in OWN_WORDS)
