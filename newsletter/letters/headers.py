"""Names and subjects in the header of a mail."""

import re
from email.charset import SHORTEST, Charset
from email.header import Header

# RFC 5322 section 3.2.3: what needs no quotes in a name. ASCII is asked for first.
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]*")


def named(name: str, address: str) -> str:
    """`Name <address>`, the name quoted where its signs need that."""
    if name.isascii() and not _ATOMS.fullmatch(name):
        name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{name} <{address}>" if name else f"<{address}>"


def named_on_the_wire(name: str, address: str) -> str:
    return named(name, address) if _goes_as_it_is(name) else f"{encoded(name)} <{address}>"


def encoded(words: str) -> str:
    """Words of another script in pieces as RFC 2047 allows, over several lines if need be."""
    if _goes_as_it_is(words):
        return words
    charset = Charset("utf-8")
    charset.header_encoding = SHORTEST
    return Header(words, charset, header_name="Subject").encode(linesep="\r\n")


def _goes_as_it_is(words: str) -> bool:
    # What looks like an encoded word would be decoded.
    return words.isascii() and "=?" not in words
