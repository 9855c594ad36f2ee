"""Films that live elsewhere: known by their address, and played only once a reader asks for it.

A text holds a plain link. Beside it stands the address of a player that sets no cookies; nobody
asks for that one before the link is pressed, and without a script it is never asked for.
"""

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, urlsplit

_YOUTUBE = re.compile(r"[\w-]{11}", re.ASCII)
_VIMEO = re.compile(r"/(?:video/)?(\d{1,12})(?:/([0-9a-f]{6,20}))?/?", re.ASCII)
# An id of a film on any PeerTube: a UUID, or the same written shorter.
_PEERTUBE = re.compile(r"/(?:w|videos/watch)/([\w-]{36}|[1-9A-HJ-NP-Za-km-z]{22})/?", re.ASCII)
# A name and no number: nobody's own machine.
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")
# In a tag: in the words of a text, < is written as &lt;
_PLAYER = re.compile(r'<a [^<>]*data-player="(https://[a-z0-9.-]+)/')


def player(address: str) -> str:
    """The address of the player of the film at `address`, or "" where there is none that we know.

    It is made of nothing but a host and an id, so that no more of `address` gets there.
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return ""
    # Another port would be another origin than the one that a page lets in.
    if parts.scheme != "https" or parts.netloc.lower() != parts.hostname:
        return ""
    return _KNOWN.get(host, _peertube)(parts)


def player_origins(html: str) -> list[str]:
    """The origins of all players that stored `html` may load."""
    return sorted(set(_PLAYER.findall(html)))


def _youtube(parts: SplitResult) -> str:
    names = parts.path.strip("/").split("/")
    if parts.path == "/watch":
        name = parse_qs(parts.query).get("v", [""])[0]
    else:
        name = names[1] if len(names) == 2 and names[0] in {"embed", "live", "shorts"} else ""
    return _youtube_player(name)


def _short_youtube(parts: SplitResult) -> str:
    return _youtube_player(parts.path.strip("/"))


def _youtube_player(name: str) -> str:
    known = _YOUTUBE.fullmatch(name)
    return f"https://www.youtube-nocookie.com/embed/{name}?autoplay=1" if known else ""


def _vimeo(parts: SplitResult) -> str:
    if not (found := _VIMEO.fullmatch(parts.path)):
        return ""
    name, secret = found.groups()
    query = f"h={secret}&dnt=1" if secret else "dnt=1"
    return f"https://player.vimeo.com/video/{name}?{query}&autoplay=1"


def _peertube(parts: SplitResult) -> str:
    found = _PEERTUBE.fullmatch(parts.path)
    if not found or not _HOST.fullmatch(parts.hostname or ""):
        return ""
    return f"https://{parts.hostname}/videos/embed/{found[1]}?autoplay=1&p2p=0"


_KNOWN: dict[str, Callable[[SplitResult], str]] = {
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _short_youtube,
    "vimeo.com": _vimeo,
    "player.vimeo.com": _vimeo,
}
