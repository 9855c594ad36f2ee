"""Who sends a form, as far as the request tells."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

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
        # config.middleware.TrustedProxies has put the visitor's own address there.
        address = _address(request.META.get("REMOTE_ADDR", ""))
        return cls(
            ip=str(address) if address else None,
            user_agent=clean_line(request.headers.get("User-Agent", ""))[:LONGEST],
            source=own_page(request.headers.get("Referer", "")),
        )

    @property
    def network(self) -> str:
        """The /24 or /48 that one household or office has; whoever hides shares one."""
        if self.ip is None:
            return "unknown"
        length = 24 if ip_address(self.ip).version == 4 else 48
        return str(ip_network(f"{self.ip}/{length}", strict=False))


def own_page(referer: str) -> str:
    """The path of our page that `referer` names, without its query; empty for other sites."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return ""
    if parts.netloc.lower() != urlsplit(settings.SITE_URL).netloc.lower():
        return ""
    return clean_line(TOKEN.sub(r"\1…\2", parts.path))[:LONGEST]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
