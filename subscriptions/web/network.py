"""The network that a request comes from, for counting sign-ups."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# What one customer has at least, so that nobody has a new one for each request.
_PREFIX = {4: 24, 6: 56}


def network_of(request: HttpRequest) -> str:
    """Such as "203.0.113.0/24"; "" where nothing says it: the machine itself, a proxy
    that is not trusted, a header that is none."""
    address = _address(_given(request))
    if address is None or address.is_loopback:
        return ""
    return str(ip_network((address, _PREFIX[address.version]), strict=False))


def _given(request: HttpRequest) -> str:
    """Each proxy adds the address it was asked from; of what was there before the
    first trusted one anybody may have written anything."""
    proxies = settings.TRUSTED_PROXIES
    if not proxies:
        return str(request.META.get("REMOTE_ADDR", ""))
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    return hops[-proxies].strip() if len(hops) >= proxies else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
