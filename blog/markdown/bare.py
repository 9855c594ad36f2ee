"""Stored HTML as the bare words that a reader finds on the page, one line a block."""

from blog.markdown.walker import Attributes, Walker

# Tags inside a line of text; all others end it.
_INLINE = """
    a abbr b bdi bdo cite code data del dfn em i img input ins kbd mark q rp rt ruby s samp small
    span strong sub sup time u var wbr
"""
_LINE_GOES_ON = set(_INLINE.split())
# Links that are signs, not words.
_SIGNS = {"anchor", "footnote-backref"}


def bare(html: str) -> str:
    writer = _BareWriter()
    writer.walk(html)
    lines = (" ".join(line.split()) for line in "".join(writer.written).split("\n"))
    return "\n".join(line for line in lines if line)


class _BareWriter(Walker):
    _in_sign = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "a":
            is_note = attributes.get("role") == "doc-noteref"
            self._in_sign = is_note or attributes.get("class") in _SIGNS
        self._break_at(tag)

    def end(self, tag: str) -> None:
        if tag == "a":
            self._in_sign = False
        self._break_at(tag)

    def words(self, words: str) -> None:
        if not self._in_sign:
            self.written.append(words)

    def _break_at(self, tag: str) -> None:
        if tag not in _LINE_GOES_ON:
            self.written.append("\n")
