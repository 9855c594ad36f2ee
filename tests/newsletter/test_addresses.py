"""Which addresses are taken, and which spellings are one person (cases E04, E05, E09)."""

import pytest
from django.core.exceptions import ValidationError

from newsletter.addresses import REFUSED, Address, _parse, parse

LABEL = "b" * 61
DOMAIN_OF_189 = f"{LABEL}.{LABEL}.{LABEL}.com"[-189:]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a",
        "a@",
        "@example.com",
        "a@[127.0.0.1]",
        "a@1.2.3.4",
        "a@localhost",
        "|cat@x.co",
        "`id`@x.co",
        "a%b@x.co",
        "a!b@x.co",
        "-a@x.co",
        "=?utf-8?q?a?=@x.co",
        '"a b"@x.co',
        "A <a@x.co>",
        "a@exam\u200bple.com",
        "a@exam\u00adple.com",
        "a@\u202eexample.com",
        "\u200ba@x.co",
        "a@ｅxample.com",
        "ａ@example.com",
        "a@fℓ.com",
        "ü@example.com",
        "a@☃.net",
        "a@x_y.co",
        "a@-x.co",
        "a..b@x.co",
        ".a@x.co",
        "a@x..co",
        "a@x.co.",
        "a@x.co,b@x.co",
        "a@x.co;b@x.co",
        "a@x.co b@x.co",
        "a@x.co%0d%0aBcc:",
        "a@x.co\r\nBcc: b@x.co",
        "a\x00@x.co",
        "a@x.co\ud800",
        "a" * 65 + "@example.com",
        "a" * 64 + "@b" + DOMAIN_OF_189,
        "a@" + "x" * 1_000_000,
    ],
)
def test_address_that_mail_cannot_reach_is_refused(text):
    with pytest.raises(ValidationError) as refusal:
        parse(text)

    assert refusal.value.messages == [REFUSED]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("a@example.com", "a@example.com"),
        ("User.Name+tag@Example.COM", "User.Name+tag@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        (" a@example.com\n", "a@example.com"),
        ("\u00a0a@example.com\u3000", "a@example.com"),
        ("a@bücher.ch", "a@xn--bcher-kva.ch"),
        ("a@bu\u0308cher.ch", "a@xn--bcher-kva.ch"),
        ("a@XN--BCHER-KVA.ch", "a@xn--bcher-kva.ch"),
        ("a" * 64 + "@" + DOMAIN_OF_189, "a" * 64 + "@" + DOMAIN_OF_189),
    ],
)
def test_address_goes_on_the_wire_in_ascii(text, email):
    assert parse(text) == Address(email=email, key=email.lower())


def test_spellings_of_one_address_share_a_key():
    spellings = ["User@Example.com", "user@example.com", "  USER@EXAMPLE.COM\u00a0"]

    assert {parse(spelling).key for spelling in spellings} == {"user@example.com"}


def test_cyrillic_look_alike_stays_another_address():
    latin, cyrillic = parse("a@example.com"), parse("a@ехample.com")

    assert latin.key == "a@example.com"
    assert cyrillic.key == "a@xn--ample-ywe6i.com"


@pytest.mark.parametrize(
    "text",
    [
        "mara@example.com",
        "Mara.O+x@Example.COM",
        "a@x",
        "a@localhost",
        "a@bücher.ch",
        "a@exam\u200bple.com",
        "a@ｅxample.com",
        "a@x.co@y.co",
        "a.@example.com",
        "a..b@example.com",
        "a-@example.com",
        f"{'a' * 64}@example.com",
        f"{'a' * 65}@example.com",
        f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.com",
        f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 61}.comm",
        "a@",
        "@example.com",
        "a@[127.0.0.1]",
        "a@example.com.",
        "a@test",
        "a@example.invalid",
    ],
)
def test_short_way_of_usual_addresses_finds_what_the_long_one_does(text):
    def outcome(read):
        try:
            return read(text)
        except ValidationError:
            return None

    assert outcome(parse) == outcome(_parse)
