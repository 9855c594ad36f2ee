"""What is noted about a visitor, and what is not."""

import pytest
from django.test import RequestFactory

from newsletter.visitors import Visitor, own_page


def visitor(address: str = "192.0.2.7", **headers: str) -> Visitor:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Visitor.of(RequestFactory().post("/", REMOTE_ADDR=address, headers=headers))


@pytest.mark.parametrize(
    ("address", "ip", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::1", "fe80::/48"),
        ("", None, "unknown"),
        ("unix:", None, "unknown"),
    ],
)
def test_network_is_what_one_household_has(address, ip, network):
    seen = visitor(address)

    assert (seen.ip, seen.network) == (ip, network)


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("https://blog.example.com/posts/x/", "/posts/x/"),
        ("https://BLOG.example.com/search/?q=secret#there", "/search/"),
        ("https://blog.example.com/newsletter/confirm/1:2:abc/", "/newsletter/confirm/…/"),
        ("https://blog.example.com/newsletter/preferences/abc", "/newsletter/preferences/…"),
        ("https://blog.example.com/newsletter/", "/newsletter/"),
        ("https://elsewhere.example/posts/x/", ""),
        ("https://blog.example.com.evil.example/x/", ""),
        ("https://[::1", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_page_is_a_path_of_ours_without_query_or_token(referer, page):
    assert own_page(referer) == page


def test_long_and_strange_headers_are_cut_and_cleaned():
    seen = visitor(
        User_Agent="<img onerror=x>\x1b[31m" + "x" * 5000,
        Referer="https://blog.example.com/" + "y" * 5000,
    )

    assert len(seen.user_agent) == len(seen.source) == 300
    assert "\x1b" not in seen.user_agent
