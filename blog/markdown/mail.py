"""A text's HTML inside a mail, or on the web page of one: several texts below each other."""

from collections.abc import Callable

from blog.markdown.feeds import feed_html
from blog.markdown.walker import Attributes, Walker

_HEADINGS = {f"h{level}": level for level in range(1, 7)}

type Picture = Callable[[Attributes], Attributes]


def mail_html(html: str, page: str, *, deeper: int = 0, picture: Picture = dict) -> str:
    """Stored `html` with absolute addresses and without ids; `page` as in feed_html().

    Headings go `deeper` by so many levels. `picture` may change the attributes of each <img>.
    """
    writer = _MailWriter(deeper, picture)
    writer.walk(feed_html(html, page))
    return writer.html


class _MailWriter(Walker):
    def __init__(self, deeper: int, picture: Picture) -> None:
        super().__init__()
        self._deeper = deeper
        self._picture = picture

    def start(self, tag: str, attributes: Attributes) -> None:
        # Two texts in one mail may have the same ids, and each its footnotes, which would be two
        # landmarks of one name.
        alike = {"id", "role", "aria-label"} if tag == "section" else {"id"}
        attributes = {name: attributes[name] for name in attributes if name not in alike}
        attributes = self._picture(attributes) if tag == "img" else attributes
        super().start(self._level(tag), attributes)

    def end(self, tag: str) -> None:
        super().end(self._level(tag))

    def _level(self, tag: str) -> str:
        return f"h{min(6, _HEADINGS[tag] + self._deeper)}" if tag in _HEADINGS else tag
