"""Pictures as mail programs show them: JPEG instead of WebP, no wider than the text."""

import logging
from functools import cache

from django.conf import settings
from django.core.files.storage import default_storage

from blog import images
from blog.links import absolute

logger = logging.getLogger("pennypost.newsletter")

WIDTH = 560
# A mail is printed and kept: a picture that waits to be scrolled to may never come.
_FOR_PAGES = {"loading", "decoding"}


class Pictures:
    """Those of one issue. Each is looked for once, however often the issue is laid out."""

    def __init__(self) -> None:
        self.address_of = cache(_address_of)

    def in_mail(self, attributes: dict[str, str]) -> dict[str, str]:
        """The attributes of an <img> in a text, its address absolute already."""
        attributes = {name: attributes[name] for name in attributes if name not in _FOR_PAGES}
        media = absolute(settings.MEDIA_URL)
        source = attributes.get("src", "")
        if source.startswith(media) and images.NAME.fullmatch(source.removeprefix(media)):
            attributes = attributes | {"src": self.address_of(source.removeprefix(media))}
        width = attributes.get("width", "")
        if width.isdecimal() and int(width) <= WIDTH:
            return attributes
        # Outlook for Windows knows no max-width: it is told a width that others then ignore.
        kept = {name: value for name, value in attributes.items() if name != "height"}
        return kept | {"width": str(WIDTH), "class": "" if width else "natural"}


def _address_of(name: str) -> str:
    """The whole address of the JPEG of a stored picture, or of itself where there can be none."""
    try:
        name = images.mail_copy(name) if name.endswith(".webp") else name
    except Exception as fault:  # a storage has faults of its own, and the mail is worth more
        logger.warning("A picture goes out as WebP (%s): %s", type(fault).__name__, name)
    return absolute(default_storage.url(name))
