"""The site behind the pages: as a whole, and what of it public pages are made by."""

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch

from config.pages.page import Answer, Environ, StartResponse

# In a request for a public page its ResolverMatch. No header of a request can have this name.
PUBLIC = "pennypost.public"


class PublicSite(WSGIHandler):
    """WSGI: the site with PUBLIC_MIDDLEWARE alone, for requests whose Host was looked at already.

    Nothing in it knows a session, an account or a token, so no view can make a public page differ
    from reader to reader, and a page is made in a tenth less time.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        # Django has one list, and reads it here.
        whole = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.PUBLIC_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = whole

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        request.resolver_match = request.META[PUBLIC]
        return request.META[PUBLIC]


class WholeSite:
    """WSGI: everything that Django answers, each by the way that is right for it."""

    def __init__(self) -> None:
        self.whole, self.public = WSGIHandler(), PublicSite()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Answer:
        asked = self.public if PUBLIC in environ else self.whole
        return asked(environ, start_response)
