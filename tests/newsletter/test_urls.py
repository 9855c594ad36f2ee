"""Addresses that readers bookmark and mails carry: they stay as they are."""

from urllib.parse import unquote

import pytest
from django.urls import resolve, reverse


@pytest.mark.parametrize(
    ("name", "args", "path"),
    [
        ("home", [], "/newsletter/"),
        ("feed", [], "/newsletter/feed/"),
        ("issue", ["one-日本"], "/newsletter/issues/one-%E6%97%A5%E6%9C%AC/"),
        ("click", [42, 7], "/newsletter/click/42/7/"),
        ("load", [42], "/newsletter/load/42.gif"),
        ("subscribe", [], "/newsletter/subscribe/"),
        ("check_inbox", [], "/newsletter/check-your-inbox/"),
        ("confirm", ["T:1"], "/newsletter/confirm/T:1/"),
        ("preferences", ["T-_"], "/newsletter/preferences/T-_/"),
        ("unsubscribe", ["T-_"], "/newsletter/unsubscribe/T-_/"),
        ("data", ["T:1"], "/newsletter/data/T:1/"),
        ("address", ["T:1"], "/newsletter/address/T:1/"),
        ("terms", [], "/terms/"),
        ("terms_version", ["2026-05"], "/terms/2026-05/"),
        ("privacy", [], "/privacy/"),
    ],
)
def test_address_is_the_one_in_the_contract(name, args, path):
    assert reverse(f"newsletter:{name}", args=args) == path
    assert resolve(unquote(path)).view_name == f"newsletter:{name}"
