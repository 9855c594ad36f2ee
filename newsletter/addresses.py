"""E-mail addresses: one parser, stricter than Django's, for every way in."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
REFUSED = _("Please check the address: it should look like name@example.com.")
# RFC 5322 allows more. What is left out here was never anybody's name: pipes and backticks mean
# a shell, % and ! old mail routes, ? an encoded word, a hyphen in front an option.
LOCAL_PART = re.compile(r"[A-Za-z0-9_+.'=/&#$*~][A-Za-z0-9_+.'=/&#$*~-]*")


# The usual local part, which needs no more looking at.
PLAIN = re.compile(r"[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*")
MAX_LOCAL = 64  # RFC 5321 section 4.5.3.1.1


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it goes on the wire, and the key that makes its spellings one."""

    email: str
    key: str


def parse(text: str) -> Address:
    """Read one address; raises ValidationError where it is none that mail could reach.

    White space around it is forgiven. The domain becomes ASCII (IDNA 2008); the local part must
    be ASCII, since few mail servers take anything else (RFC 6531 is optional).
    """
    text = unicodedata.normalize("NFC", text.strip())
    local, at, domain = text.partition("@")
    if at and len(local) <= MAX_LOCAL and PLAIN.fullmatch(local):
        # A list of a million addresses has a few thousand domains.
        email = f"{local}@{_domain(domain)}"
        if len(email) > MAX_LENGTH:
            raise ValidationError(REFUSED)
        return Address(email=email, key=email.lower())
    return _parse(text)


@lru_cache(maxsize=4096)
def _domain(text: str) -> str:
    return _parse(f"a@{text}").email.partition("@")[2]


def _parse(text: str) -> Address:
    if len(text) > MAX_LENGTH or unicodedata.normalize("NFKC", text) != text:
        # Full-width letters and ligatures would be folded into another address than the one
        # that was read.
        raise ValidationError(REFUSED)
    try:
        parts = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            strict=True,
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise ValidationError(REFUSED) from error
    email = f"{parts.local_part}@{parts.ascii_domain.lower()}"
    if len(email) > MAX_LENGTH or not LOCAL_PART.fullmatch(parts.local_part):
        raise ValidationError(REFUSED)
    return Address(email=email, key=email.lower())


def masked(email: str) -> str:
    """For pages that a forwarded mail may show to others: `m•••@e•••.com`."""
    local, _, domain = email.partition("@")
    name, _, ending = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{ending}" if name else ""
