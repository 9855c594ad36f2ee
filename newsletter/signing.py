"""Signing mail with a key of the site's domain (DKIM, RFC 6376).

For sites whose mail server does not sign. Both unsubscribe headers are covered, as RFC 8058 section
4 asks; whoever replays the mail cannot change them.
"""

from functools import cache
from pathlib import Path

import dkim
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# Each of them once; those of the list and of the text too.
COVERED = [
    *(b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version"),
    *(b"content-type", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id"),
]


def signed(mail: bytes) -> bytes:
    """The mail with its signature in front; as it is where the site has no key."""
    if not settings.DKIM_KEY:
        return mail
    signature = dkim.sign(
        mail,
        selector=settings.DKIM_SELECTOR.encode("ascii"),
        domain=settings.DKIM_DOMAIN.encode("idna"),
        privkey=_key(settings.DKIM_KEY),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=COVERED,
    )
    return signature + mail


def check() -> None:
    """Raises ImproperlyConfigured, with a sentence, where the site's key could sign nothing."""
    if settings.DKIM_KEY and not settings.DKIM_SELECTOR:
        raise ImproperlyConfigured(
            "DKIM_KEY needs DKIM_SELECTOR too: under that name the DNS holds its public half."
        )
    try:
        signed(b"From: a@example.com\r\n\r\n")
    except (dkim.DKIMException, ValueError) as fault:
        raise ImproperlyConfigured(
            f"DKIM_KEY names a file that holds no private key in PEM: {settings.DKIM_KEY}"
        ) from fault


@cache
def _key(path: str) -> bytes:
    """The private key in PEM; read once, so a new one needs a new start."""
    try:
        return Path(path).read_bytes()
    except OSError as fault:
        raise ImproperlyConfigured(
            f"DKIM_KEY cannot be read: {path} ({fault.strerror})."
        ) from fault
