"""What a proxy may say about a visitor, and what stands on every response."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.middleware import TrustedProxies


def seen(settings, trusted, **meta):
    """The visitor's address and scheme, as a view sees them."""
    settings.TRUSTED_PROXIES = trusted
    found = []

    def view(request):
        found.append((request.META["REMOTE_ADDR"], request.scheme))
        return HttpResponse()

    TrustedProxies(view)(RequestFactory().get("/", **meta))
    return found[0]


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_FORWARDED_FOR": "6.6.6.6"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=6.6.6.6;proto=https"},
    ],
)
def test_untrusted_client_is_not_believed(settings, headers):
    assert seen(settings, ["10.0.0.0/8"], REMOTE_ADDR="203.0.113.9", **headers) == (
        "203.0.113.9",
        "http",
    )


def test_trusted_proxy_is_believed(settings):
    found = seen(
        settings,
        ["10.0.0.0/8"],
        REMOTE_ADDR="10.0.0.1",
        HTTP_X_FORWARDED_FOR="198.51.100.7",
        HTTP_X_FORWARDED_PROTO="https",
    )

    assert found == ("198.51.100.7", "https")


def test_what_the_visitor_put_before_the_proxies_is_ignored(settings):
    found = seen(
        settings,
        ["10.0.0.0/8"],
        REMOTE_ADDR="10.0.0.1",
        HTTP_X_FORWARDED_FOR="6.6.6.6, 198.51.100.7, 10.0.0.2",
    )

    assert found == ("198.51.100.7", "http")


@pytest.mark.parametrize("value", ["", "unknown", "6.6.6.6;", "a" * 5000])
def test_nonsense_from_a_trusted_proxy_leaves_the_proxy_as_visitor(settings, value):
    found = seen(settings, ["10.0.0.1"], REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=value)

    assert found == ("10.0.0.1", "http")
