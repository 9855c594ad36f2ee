"""Proxies that are believed what they say about a visitor."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any


class Proxies:
    """Those in the given networks, "10.0.0.0/8" or "10.1.2.3", and nobody else."""

    def __init__(self, networks: Iterable[str]) -> None:
        self.networks = [ip_network(entry, strict=False) for entry in networks]
        self.trusts = lru_cache(1024)(self._trusts)

    def _trusts(self, text: str) -> bool:
        return is_address(text) and any(ip_address(text) in network for network in self.networks)

    def say_https(self, environ: dict[str, Any]) -> bool:
        """Whether the visitor is known to have come by an encrypted connection."""
        if "HTTP_X_FORWARDED_PROTO" not in environ:
            return False
        says = environ["HTTP_X_FORWARDED_PROTO"].strip() == "https"
        return says and self.trusts(environ.get("REMOTE_ADDR", ""))


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
