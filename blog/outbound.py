"""The only place that asks another host for something over HTTP.

Whoever decides where a request goes could else make the server talk to itself or to its
neighbours: a name is looked up once, only public addresses are spoken to, nothing is followed, and
neither a slow nor an endless answer holds anybody up.
"""

import http.client
import json
import socket
import ssl
from contextlib import suppress
from ipaddress import ip_address, ip_network
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

# All that is said has to be said within this time.
SECONDS = 15.0
USER_AGENT = "Pennypost"
# The public part of IPv6, without its tunnels: those lead to an IPv4 address inside of it.
GLOBAL_V6 = ip_network("2000::/3")
TUNNELS = (ip_network("2001::/32"), ip_network("2002::/16"))


class Unreachable(Exception):
    """There was no answer, or we refused to ask. The text says why."""


def post_json(url: str, data: dict[str, Any], *, seconds: float = SECONDS) -> int:
    """The status of the answer, whatever it is; a redirect is one too. Raises Unreachable."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable(f"{url} is no address to ask.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolved(parts.hostname, port)
    connection = _Pinned(parts.hostname, port, address, seconds, is_tls=parts.scheme == "https")
    body = json.dumps(data).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT}
    deadline = Timer(seconds, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        connection.request("POST", parts.path or "/", body, headers)
        # What it says beside its status nobody reads.
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as fault:
        raise Unreachable(f"{parts.hostname}: {type(fault).__name__}: {fault}") from fault
    finally:
        deadline.cancel()
        connection.close()


def is_public(address: str) -> bool:
    ip = ip_address(address)
    if ip.version == 4:
        return ip.is_global and not ip.is_multicast
    return ip.is_global and ip in GLOBAL_V6 and not any(ip in tunnel for tunnel in TUNNELS)


def _resolved(host: str, port: int) -> str:
    """The one address that is spoken to. One that is not public among them spoils them all."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise Unreachable(f"{host} has no address: {fault}") from fault
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address.partition("%")[0]) for address in addresses):
        raise Unreachable(f"{host} is not on the public Internet.")
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """Speaks to one address, wherever its name leads meanwhile; the certificate is the name's."""

    def __init__(self, host: str, port: int, address: str, seconds: float, *, is_tls: bool) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address, self._is_tls = address, is_tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_tls:
            context = ssl.create_default_context()
            # The handshake comes after, or cut() would not know the socket that it happens on.
            self.sock = context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        """End whatever is going on: a trickle of single bytes runs into no timeout."""
        if self.sock:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
