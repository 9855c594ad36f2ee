"""Enhanced status codes: what a server means by a refusal (RFC 3463)."""

import re

ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
# The address or its domain does not exist, is malformed, has moved or takes no mail any more.
_GONE = re.compile(r"5\.(1\.[01236]|1\.10|2\.1)")
# An old server that says no more means: no such user here (RFC 5321 section 4.2.3).
_GONE_CODES = {"550", "551", "553"}


def address_is_gone(words: str) -> bool:
    """Whether a refusal of a recipient, `550 5.1.1 No such user`, stops all mail to her."""
    status = ENHANCED.search(words)
    if status and status[0] != "5.0.0":
        return _GONE.fullmatch(status[0]) is not None
    return not _GONE_CODES.isdisjoint(re.findall(r"\b5\d\d\b", words))
