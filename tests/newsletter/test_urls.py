"""Addresses that readers bookmark and mails carry: they stay as they are."""

import pytest
from django.urls import resolve, reverse


@pytest.mark.parametrize(
    ("name", "args", "path"),
    [
        ("home", [], "/newsletter/"),
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
    assert resolve(path).view_name == f"newsletter:{name}"
