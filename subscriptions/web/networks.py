"""How often one network may send what costs somebody else: a form that mails an address
which may be anybody's, and a password, whose comparing is made to take its time.

Counted in each process, as in `pace`. Who comes from many networks is slowed by none of
this; then the limits of each inbox hold (`consent.owing`).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .pace import Pace, TooOften, too_often

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
    """The address that asks, of IPv6 the /64 in which a household has all of them; ""
    where it is none of the Internet's, as a proxy's that does not say who asks."""
    asks = request.META.get("REMOTE_ADDR", "")
    if proxies := settings.TRUSTED_PROXIES:
        told = request.headers.get("X-Forwarded-For", "").split(",")
        asks = told[-proxies] if len(told) >= proxies else ""
    try:
        address = ip_address(asks.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if not address.is_global:
        return ""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address)
