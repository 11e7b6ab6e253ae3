"""A GET is bounded in time, size, hops and where it may lead."""

from __future__ import annotations

import gzip
import socket
import time
from typing import Any

import pytest

from subscriptions.ingestion import fetch
from subscriptions.ingestion.fetch import Fetcher, FetchError

from .stub_source import Fault, StubSource


def get(stub: StubSource, budget: float = 20.0) -> bytes:
    with Fetcher(budget) as fetcher:
        return fetcher.get(f"{stub.url}/rss/cs.LG")


def test_the_request_says_who_asks(stub: StubSource, settings: Any) -> None:
    get(stub)
    assert stub.headers["User-Agent"] == f"PaperRound/1 (+{settings.PUBLIC_URL})"
    assert stub.headers["Host"] == stub.url.removeprefix("http://")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(stub: StubSource, status: int) -> None:
    stub.fault = Fault(status=status, times=2)
    assert get(stub) == stub.rss
    assert len(stub.requests) == 3


def test_a_lasting_failure_is_given_up_after_four_attempts(stub: StubSource) -> None:
    stub.fault = Fault(status=503)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 answered 503\."):
        get(stub)
    assert len(stub.requests) == 4


def test_what_asking_again_cannot_help_is_not_asked_again(stub: StubSource) -> None:
    stub.fault = Fault(status=404)
    with pytest.raises(FetchError, match="answered 404"):
        get(stub)
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("after", "attempts"),
    [
        ("99999999", 1),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 1),
        ("-5", 4),
        ("soon", 4),
        ("0", 4),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 4),
    ],
)
def test_retry_after_is_kept_to_if_it_fits_the_budget_33(
    stub: StubSource, after: str, attempts: int
) -> None:
    stub.fault = Fault(status=429, headers={"Retry-After": after})
    with pytest.raises(FetchError, match="answered 429"):
        get(stub)
    assert len(stub.requests) == attempts


def test_a_small_bomb_of_gzip_is_not_unpacked_whole_27(
    stub: StubSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 1024 * 1024)
    packed = gzip.compress(b"x" * 20_000_000)
    stub.fault = Fault(body=packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="sent more than 1 MB"):
        get(stub)


def test_what_is_not_gzip_is_told(stub: StubSource) -> None:
    stub.fault = Fault(body=b"plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="not gzip"):
        get(stub)


def test_an_endless_answer_ends_27(
    stub: StubSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 1024 * 1024)
    stub.fault = Fault(body=b"x" * 65536, endless=True)
    with pytest.raises(FetchError, match="sent more than 1 MB"):
        get(stub)


def test_an_answer_that_drips_ends_with_the_budget_27(stub: StubSource) -> None:
    stub.fault = Fault(body=b"x" * 1000, drip=0.1)
    with pytest.raises(FetchError, match=r"did not finish within 0\.5 seconds"):
        get(stub, budget=0.5)


def test_headers_that_drip_end_with_the_budget_27(stub: StubSource) -> None:
    stub.fault = Fault(body=b"x" * 50, drip=0.1, head=True)
    with pytest.raises(FetchError, match=r"did not finish within 0\.5 seconds"):
        get(stub, budget=0.5)


def test_a_resolver_that_hangs_ends_with_the_budget(
    stub: StubSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **__: object) -> list[object]:
        time.sleep(3)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    with pytest.raises(FetchError, match=r"did not finish within 0\.2 seconds"):
        get(stub, budget=0.2)


def test_a_redirect_is_followed(stub: StubSource) -> None:
    stub.fault = Fault(status=302, headers={"Location": "/rss/cs.CL"}, times=1)
    assert get(stub) == stub.rss
    assert stub.requests == ["/rss/cs.LG", "/rss/cs.CL"]


def test_a_loop_of_redirects_ends_34(stub: StubSource) -> None:
    stub.fault = Fault(status=302, headers={"Location": "/rss/cs.LG"})
    with pytest.raises(FetchError, match="redirected more than 3 times"):
        get(stub)
    assert len(stub.requests) == 4


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("file:///etc/passwd", "no http address"),
        ("ftp://127.0.0.1/x", "no http address"),
        ("http://user:word@127.0.0.1/", "no http address"),
        ("http://169.254.169.254/latest/meta-data", "private address 169.254.169.254"),
        ("http://[fe80::1]/", "private address fe80::1"),
        ("http://[::ffff:169.254.169.254]/", "private address 169.254.169.254"),
    ],
)
def test_a_redirect_elsewhere_is_refused_34(
    stub: StubSource, target: str, reason: str
) -> None:
    stub.fault = Fault(status=302, headers={"Location": target})
    with pytest.raises(FetchError, match=reason):
        get(stub)
    assert len(stub.requests) == 1


def test_a_redirect_to_what_cannot_be_parsed_is_told_34(stub: StubSource) -> None:
    stub.fault = Fault(status=302, headers={"Location": "http://[::1"})
    with pytest.raises(FetchError, match="could not be read"):
        get(stub)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_a_public_source_may_not_lead_inside_34(
    stub: StubSource, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """The base address stands for a public one: nothing inside is asked."""
    host = address.strip("[]")
    monkeypatch.setattr(fetch, "PUBLIC_HOSTS", {host})
    with Fetcher(5) as fetcher, pytest.raises(FetchError, match="private address"):
        fetcher.get(f"http://{address}:{stub.server.server_port}/rss/cs.LG")
    assert stub.requests == []


def test_a_name_is_resolved_once_and_that_address_is_asked_34(
    stub: StubSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a second answer would lead to where clouds keep their secrets."""
    answers = iter(["127.0.0.1", "169.254.169.254"])
    real = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **more: Any) -> Any:
        named = host == "papers.example.org"
        return real(next(answers) if named else host, *rest, **more)

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    host = f"papers.example.org:{stub.server.server_port}"
    with Fetcher(5) as fetcher:
        assert fetcher.get(f"http://{host}/rss/cs.LG") == stub.rss
    assert stub.headers["Host"] == host
    assert next(answers) == "169.254.169.254"


def test_a_server_that_is_not_there_is_told(stub: StubSource) -> None:
    with Fetcher(5) as fetcher, pytest.raises(FetchError, match="could not be read"):
        fetcher.get("http://127.0.0.1:1/")


def test_the_proxies_of_the_environment_are_not_used(
    stub: StubSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    assert get(stub) == stub.rss


def test_a_run_names_its_origin_without_user_and_query() -> None:
    shown = fetch.where("https://user:word@papers.example:8443/rss?key=secret")
    assert shown == "https://papers.example:8443/rss"
