"""Quoted-printable (RFC 2045 section 6.7), with more care than the rule asks for.

No line begins with a dot, so that SMTP has nothing to stuff (RFC 5321 section 4.5.2), and none
with "From ", which old mailboxes take for the start of another mail.
"""

from collections.abc import Iterator

LONGEST = 76
SOFT_BREAK = b"=\r\n"
_PLAIN = {*range(33, 127), ord(" "), ord("\t")} - {ord("=")}
_ENCODED = [bytes([octet]) if octet in _PLAIN else b"=%02X" % octet for octet in range(256)]


def encode(text: str) -> bytes:
    """`text` in lines of at most 76 octets, ready to stand at the start of a line."""
    return b"\r\n".join(_line(line) for line in text.encode().split(b"\n"))


def _line(line: bytes) -> bytes:
    if line[-1:] in {b" ", b"\t"}:
        # White space at the end of a line may get lost on the way.
        *before, last = (_ENCODED[octet] for octet in line)
        return _broken([*before, b"=%02X" % ord(last)])
    return _broken([_ENCODED[octet] for octet in line])


def _broken(signs: list[bytes]) -> bytes:
    return SOFT_BREAK.join(_guarded(piece) for piece in _pieces(signs))


def _pieces(signs: list[bytes]) -> Iterator[bytes]:
    start = size = 0
    for place, sign in enumerate(signs):
        size += len(sign)
        # Three octets less: one for the break, two for a first sign that gets longer.
        if size > LONGEST - 3:
            yield b"".join(signs[start:place])
            start, size = place, len(sign)
    yield b"".join(signs[start:])


def _guarded(piece: bytes) -> bytes:
    if piece.startswith((b".", b"From ")):
        return b"=%02X" % piece[0] + piece[1:]
    return piece
