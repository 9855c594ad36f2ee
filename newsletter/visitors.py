"""Who sends a form, as far as the request tells."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from blog.network import address_of, network_of
from blog.text import clean_line

LONGEST = 300
# A link's token must not end up in a table that others may read.
TOKEN = re.compile(r"^(/newsletter/[a-z]+/)[^/]+(/?)$")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The evidence beside a consent. `network` is all that limits look at."""

    ip: str | None
    user_agent: str
    source: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Visitor":
        return cls(
            ip=address_of(request),
            user_agent=clean_line(request.headers.get("User-Agent", ""))[:LONGEST],
            source=own_page(request.headers.get("Referer", "")),
        )

    @property
    def network(self) -> str:
        return network_of(self.ip)


def own_page(referer: str) -> str:
    """The path of our page that `referer` names, without its query; empty for other sites."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return ""
    if parts.netloc.lower() != urlsplit(settings.SITE_URL).netloc.lower():
        return ""
    return clean_line(TOKEN.sub(r"\1…\2", parts.path))[:LONGEST]
