"""Where a request comes from, as coarse as limits need it."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The visitor's own address, which config.middleware.TrustedProxies has put there."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def network_of(address: str | None) -> str:
    """The /24 or /48 that one household or office has; whoever hides shares one."""
    if address is None:
        return "unknown"
    length = 24 if ip_address(address).version == 4 else 48
    return str(ip_network(f"{address}/{length}", strict=False))
