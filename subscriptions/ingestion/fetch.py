"""One GET over HTTP, bounded in time, size, hops and where it may lead."""

from __future__ import annotations

import ipaddress
import socket
import time
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

import httpx
import stamina
from django.conf import settings

LARGEST = 50 * 1024 * 1024  # bytes, decompressed
REDIRECTS = 3
ATTEMPTS = 4
PATIENCE = 10.0  # seconds without a byte
# Addresses we ship: whatever their names resolve to, a private one is never meant.
PUBLIC_HOSTS = {"huggingface.co", "rss.arxiv.org"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(Exception):
    """No usable answer; the message is a sentence for the operator.

    `retry` is True where asking again soon may help; `wait` the seconds the server
    asks to wait, if it does; `status` its HTTP status code, 0 without an answer.
    """

    def __init__(
        self,
        reason: str,
        retry: bool = False,
        wait: float | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(reason)
        self.retry = retry
        self.wait = wait
        self.status = status


class Fetcher:
    """GETs within one budget of seconds. Use it as a context manager."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self.until = time.monotonic() + budget
        # Proxies and netrc of the environment are not followed: they would see
        # addresses that the checks below have not.
        self.client = httpx.Client(
            trust_env=False,
            headers={
                "User-Agent": f"PaperRound/1 (+{settings.PUBLIC_URL})",
                "Accept-Encoding": "gzip",
            },
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @property
    def left(self) -> float:
        return self.until - time.monotonic()

    def get(self, address: str, asked: dict[str, str] | None = None) -> bytes:
        """The decompressed body of a 200. Raises FetchError.

        429, 5xx, broken connections and timeouts are tried up to four times within
        the budget, after what Retry-After says if that still fits.
        """
        attempts = stamina.retry_context(
            on=self._again,
            attempts=ATTEMPTS,
            timeout=max(self.left, 0.01),
            wait_max=8.0,
        )
        for attempt in attempts:
            with attempt:
                return self._in_time(httpx.URL(address, params=asked), attempt.num)
        raise AssertionError("stamina lets the last error through")

    def _in_time(self, url: httpx.URL, attempt: int) -> bytes:
        """`_follow` in a thread of its own, left alone when the budget is spent: a
        resolver that hangs or a header that drips obeys no other clock."""
        outcome: SimpleQueue[bytes | Exception] = SimpleQueue()

        def follow() -> None:
            try:
                outcome.put(self._follow(url, attempt))
            except Exception as error:
                outcome.put(error)

        Thread(target=follow, daemon=True).start()
        try:
            told = outcome.get(timeout=max(self.left, 0.01))
        except Empty:
            raise self._late(url) from None
        if isinstance(told, Exception):
            raise told
        return told

    def _again(self, error: Exception) -> bool | float:
        if not isinstance(error, FetchError) or not error.retry:
            return False
        if error.wait is None:
            return self.left > 0
        return error.wait if error.wait < self.left else False

    def _follow(self, url: httpx.URL, attempt: int) -> bytes:
        host = url.host
        inside = host not in PUBLIC_HOSTS
        for _ in range(REDIRECTS + 1):
            addresses = _resolve(url)
            inside = inside and not any(map(_is_public, addresses))
            _check(url, addresses, inside)
            chosen = addresses[(attempt - 1) % len(addresses)]
            answer = self._get(url, chosen)
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise FetchError(f"{host} redirected more than {REDIRECTS} times.")

    def _get(self, url: httpx.URL, address: Address) -> bytes | httpx.URL:
        """The body, or where a redirect leads.

        The connection is made to the address that was checked, not to the name, which
        could mean another one by then; TLS and the Host header still go by the name.
        """
        if self.left <= 0:
            raise self._late(url)
        request = self.client.build_request(
            "GET",
            url.copy_with(host=str(address)),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
            timeout=min(PATIENCE, self.left),
        )
        try:
            response = self.client.send(request, stream=True)
            try:
                return self._body(response, url)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise FetchError(
                f"{url.host} did not answer in time.", retry=True
            ) from error
        except httpx.DecodingError as error:
            raise FetchError(f"{url.host} sent what is not gzip.") from error
        except httpx.TransportError as error:
            raise FetchError(
                f"{url.host} could not be read ({error or type(error).__name__}).",
                retry=True,
            ) from error

    def _body(self, response: httpx.Response, url: httpx.URL) -> bytes | httpx.URL:
        if response.has_redirect_location:
            return _redirected(url, response.headers["Location"])
        if response.status_code == 429 or response.status_code >= 500:
            raise FetchError(
                f"{url.host} answered {response.status_code}.",
                retry=True,
                wait=_retry_after(response.headers.get("Retry-After", "")),
            )
        if response.status_code != 200:
            raise FetchError(
                f"{url.host} answered {response.status_code}.",
                status=response.status_code,
            )
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST:
                raise FetchError(f"{url.host} sent more than {LARGEST >> 20} MB.")
            if self.left <= 0:
                raise self._late(url)
        return bytes(body)

    def _late(self, url: httpx.URL) -> FetchError:
        return FetchError(f"{url.host} did not finish within {self.budget:g} seconds.")


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    try:
        target = url.join(location)
        usable = target.scheme in {"http", "https"} and target.host
    except (httpx.InvalidURL, ValueError):
        usable = ""
    if not usable or target.userinfo:
        raise FetchError(f"{url.host} redirected to what is no http address.")
    return target


def _resolve(url: httpx.URL) -> list[Address]:
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{url.host} has no address (DNS).", retry=True) from error
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [_unmapped(ipaddress.ip_address(text)) for text in texts]


def _unmapped(address: Address) -> Address:
    """The IPv4 address that ::ffff:127.0.0.1 stands for."""
    return getattr(address, "ipv4_mapped", None) or address


def _check(url: httpx.URL, addresses: list[Address], inside: bool) -> None:
    """Refuse private addresses unless the operator's own source is `inside` too, and
    link-local ones, where clouds keep their secrets, always. Raises FetchError."""
    for address in addresses:
        if not (_is_public(address) or (inside and not address.is_link_local)):
            raise FetchError(
                f"{url.host} leads to the private address {address}: refused."
            )


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast


def _retry_after(text: str) -> float | None:
    """Seconds, from either form of RFC 9110 section 10.2.3; None if it says nothing."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def where(address: str) -> str:
    """An address as a run names it: without user, password and query."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
