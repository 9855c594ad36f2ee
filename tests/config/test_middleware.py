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


def test_redirect_to_https_leads_to_the_sites_own_address(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/posts/?page=2", headers={"host": "blog.example.com:1"})

    assert (answer.status_code, answer["Location"]) == (
        301,
        "https://blog.example.com/posts/?page=2",
    )


def test_static_files_carry_the_headers_of_every_page(client, settings):
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True

    answer = client.head("/static/blog/site.css")

    assert answer.status_code == 200
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


def test_headers_are_named_by_plain_text(client, db):
    """As WSGI asks for it (PEP 3333): Python's own servers refuse anything else."""
    answer = client.get("/")

    assert {type(part) for header in answer.items() for part in header} == {str}
