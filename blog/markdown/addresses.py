"""Addresses in a text: which pictures are the site's own, and which links lead away from it."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

# Browsers drop these from an address, and read a backslash as a slash.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Site:
    """What is ours: the media's address (may be on another host) and our origin ("" if unknown)."""

    media_url: str
    own_origin: str

    def has_picture(self, address: str) -> bool:
        """Whether a browser that asks for `address` gets a file of ours, and nothing else happens.

        Any other path of our own host may do something: log out, unsubscribe.
        """
        if _CONTROLS.search(address) or "\\" in address:
            return False
        if self.own_origin and self.media_url.startswith("/"):
            address = address.removeprefix(self.own_origin)
        if not address.startswith(self.media_url):
            return False
        path = unquote(re.split("[?#]", address.removeprefix(self.media_url))[0])
        tricky = {"", ".", ".."} & set(path.split("/"))
        return not tricky and not re.search(r"[%\\\x00-\x1f]", path)

    def is_elsewhere(self, address: str) -> bool:
        address = _CONTROLS.sub("", address).strip().replace("\\", "/").lower()
        try:
            parts = urlsplit(address)
        except ValueError:
            return True
        if parts.scheme not in ("", "http", "https"):
            return False
        is_relative = not parts.scheme and not parts.netloc
        return not is_relative and f"{parts.scheme}://{parts.netloc}" != self.own_origin.lower()


def absolute(address: str, page: str) -> str:
    """`address` as seen from `page`; as it is where it makes no sense."""
    try:
        return urljoin(page, address)
    except ValueError:
        return address
