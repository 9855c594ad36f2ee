"""A post's HTML away from its page: in a feed reader or a mail."""

from blog.markdown.addresses import absolute
from blog.markdown.walker import Attributes, Walker


def feed_html(html: str, page: str) -> str:
    """Stored `html` with absolute addresses, for feeds and mails.

    `page` is the absolute address that the HTML stands at: the post's own, so that its footnotes
    lead there. What only works on the page goes: links to headings, boxes of task lists,
    players of films.
    """
    writer = FeedWriter(page)
    writer.walk(html)
    return writer.html


class FeedWriter(Walker):
    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self._in_anchor = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "a" and attributes.get("class") == "anchor":
            self._in_anchor = True
        elif tag == "input":
            self.words("☑" if "checked" in attributes else "☐")
        else:
            addresses = attributes.keys() & {"href", "src"}
            attributes |= {name: absolute(attributes[name], self._page) for name in addresses}
            attributes.pop("data-player", "")
            if attributes.get("class") == "embed":
                del attributes["class"]
            self.write(tag, attributes)

    def write(self, tag: str, attributes: Attributes) -> None:
        """A start tag that stays, its addresses absolute."""
        super().start(tag, attributes)

    def words(self, words: str) -> None:
        if not self._in_anchor:
            super().words(words)

    def end(self, tag: str) -> None:
        if self._in_anchor:
            self._in_anchor = tag != "a"
        else:
            super().end(tag)
