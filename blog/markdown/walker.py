"""Walking over clean HTML, to copy it with changes."""

from html import escape
from html.parser import HTMLParser

type Attributes = dict[str, str]


class Walker(HTMLParser):
    """Copies HTML as it is; subclasses change what they meet. Give it what the cleaner wrote."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []

    def walk(self, html: str) -> None:
        self.feed(html)
        self.close()

    @property
    def html(self) -> str:
        return "".join(self.written)

    def start(self, tag: str, attributes: Attributes) -> None:
        self.written.append(start_tag(tag, attributes))

    def end(self, tag: str) -> None:
        self.written.append(f"</{tag}>")

    def words(self, words: str) -> None:
        self.written.append(escape(words, quote=False))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.start(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        self.end(tag)

    def handle_data(self, data: str) -> None:
        self.words(data)


def start_tag(tag: str, attributes: Attributes) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>"
