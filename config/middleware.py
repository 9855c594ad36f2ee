"""What happens to every request and response, whichever page it is for."""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import ContentSecurityPolicyMiddleware, get_nonce
from django.utils.csp import CSP, build_policy

from config.logs import request_id
from config.proxies import Proxies, is_address

GetResponse = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    )
)
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")


class RequestId:
    """Give each request a name that stands in its log lines and on its error page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = name_request()
        response = self.get_response(request)
        response["X-Request-Id"] = name
        return response


def name_request() -> str:
    """It stays until the thread's next request: Django logs a 404 when all middleware is done."""
    name = secrets.token_hex(6)
    request_id.set(name)
    return name


class TrustedProxies:
    """Believe `X-Forwarded-*` from the proxies in TRUSTED_PROXIES, and from nobody else.

    The visitor is the last address in X-Forwarded-For that no trusted proxy wrote for another
    one; anything further left was sent by the visitor and may be invented.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.proxies = Proxies(settings.TRUSTED_PROXIES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        is_https = self.proxies.say_https(meta)
        headers = {name: meta.pop(name, "") for name in FORWARDED}
        if self.proxies.trusts(meta.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in headers["HTTP_X_FORWARDED_FOR"].split(",")]
            while hops and self.proxies.trusts(hops[-1]):
                hops.pop()
            if hops and is_address(hops[-1]):
                meta["REMOTE_ADDR"] = hops[-1]
        if is_https:
            meta["wsgi.url_scheme"] = "https"
        return self.get_response(request)


class ContentSecurityPolicy(ContentSecurityPolicyMiddleware):
    """Django's, for which the policy of all pages that have no nonce in them is written once."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.usual = build_policy(settings.SECURE_CSP)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_usual = not hasattr(response, "_csp_config") and not get_nonce(request)
        if is_usual:
            response.headers.setdefault(str(CSP.HEADER_ENFORCE), self.usual)
        return super().process_response(request, response)


class SecurityHeaders:
    """The two headers that Django's own middleware leaves out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
