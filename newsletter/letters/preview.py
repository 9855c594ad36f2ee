"""An issue's mail before it is sent, as the newsroom shows it."""

from typing import NamedTuple

from newsletter.letters.compose import compose
from newsletter.letters.letter import Letter, Reader
from newsletter.models import Issue, Subscriber


class Preview(NamedTuple):
    html: str
    text: str
    headers: list[tuple[str, str]]


def preview(issue: Issue, subscriber: Subscriber | None = None) -> Preview:
    """The mail as `subscriber` would get it now; as somebody made up where that is None.

    `issue` need not be saved, but must have been rendered. The links at its foot lead nowhere: a
    preview gets passed around, and hers would let anybody unsubscribe her.
    """
    email = subscriber.email if subscriber else "reader@example.com"
    letter = Letter(compose(issue).mail)
    message = letter.message(Reader(0, email, "preview"))
    html = str(message.alternatives[0][0])
    return Preview(html, str(message.body), message.message().items())
