"""How often one network may send what costs somebody else: a form that mails an address
which may be anybody's, and a password, whose comparing is made to take its time.

Counted in each process, as in `pace`, before anything else is done. What a sign-up may
cost others is counted in the database (`consent.asking`).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .pace import Pace, TooOften, too_often

_PREFIX = {4: 24, 6: 56}
_STRETCH = 600  # seconds
# A lecture hall that signs up at once is behind one address.
PACES = {
    "/subscribe": Pace(most=100, seconds=_STRETCH),
    "/me/": Pace(most=30, seconds=_STRETCH),
    "/admin/login/": Pace(most=20, seconds=_STRETCH),
}


class NetworkMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        pace = PACES.get(request.path_info) if request.method == "POST" else None
        network = network_of(request) if pace else ""
        if pace and network:
            try:
                pace.count(network)
            except TooOften as often:
                return too_often(request, often)
        return self.get_response(request)


def network_of(request: HttpRequest) -> str:
    """Such as "203.0.114.0/24", a /56 in IPv6: what one customer has at least, so that
    nobody has a new one for each request. "" where it is none of the Internet's, as of
    this machine or of a proxy that does not say who asks."""
    address = _address(_told(request))
    if address is None or not address.is_global:
        return ""
    return str(ip_network((address, _PREFIX[address.version]), strict=False))


def _told(request: HttpRequest) -> str:
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
