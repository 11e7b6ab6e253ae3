"""Whoever sends forms without end from one network waits; nobody else does."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings

from subscriptions.models import Subscriber
from subscriptions.web import networks, pace
from subscriptions.web.networks import network_of
from subscriptions.web.pace import Pace

THEIRS, OTHER = "203.0.114.7", "203.0.115.8"
NETWORK, OTHERS = "203.0.114.0/24", "203.0.115.0/24"


def asked(address: str, forwarded: str | None = None) -> HttpRequest:
    told = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=address, headers=told)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (THEIRS, NETWORK),
        ("::ffff:203.0.114.7", NETWORK),
        ("2a00:1450:4001:81b::200e", "2a00:1450:4001:800::/56"),
        ("2a00:1450:4001:8ff:ffff::1", "2a00:1450:4001:800::/56"),
        ("127.0.0.1", ""),
        ("10.0.0.3", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_a_network_is_an_address_of_the_internet(address: str, network: str) -> None:
    assert network_of(asked(address)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, OTHER, NETWORK),
        (1, OTHER, OTHERS),
        (1, f"8.8.8.8, {OTHER}", OTHERS),
        (2, f"8.8.8.8, {OTHER}, 8.8.4.4", OTHERS),
        (2, OTHER, ""),
        (1, "unknown", ""),
        (1, f"{OTHER}:4711", ""),
        (1, None, ""),
    ],
)
def test_who_asks_is_told_by_as_many_proxies_as_are_trusted(
    settings: Settings, proxies: int, forwarded: str | None, network: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert network_of(asked(THEIRS, forwarded)) == network


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/subscribe", {"address": "new@example.org", "filters": "hessian"}),
        ("/me/", {"address": "new@example.org"}),
        ("/admin/login/", {"username": "nobody", "password": "guessed"}),
    ],
)
def test_a_form_is_taken_so_often_from_a_network_and_then_later(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    typed: dict[str, str],
) -> None:
    monkeypatch.setattr(pace, "monotonic", lambda: 1000.0)
    monkeypatch.setitem(networks.PACES, path, Pace(most=2, seconds=600))
    for _ in range(2):
        assert client.post(path, typed, REMOTE_ADDR=THEIRS).status_code != 429
    Subscriber.objects.all().delete()
    answer = client.post(path, typed, REMOTE_ADDR=THEIRS)
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert "Try again in 10 minutes." in answer.content.decode()
    assert not Subscriber.objects.exists()
    assert client.get(path, REMOTE_ADDR=THEIRS).status_code == 200
    assert client.post(path, typed, REMOTE_ADDR=OTHER).status_code != 429


def test_to_compare_a_password_takes_twenty_megabytes_and_no_hundred() -> None:
    assert "$m=19456,t=2,p=1$" in make_password("a sample")


def test_a_password_that_was_kept_at_a_hundred_is_kept_anew() -> None:
    """Made of "a sample" by Django's own hasher."""
    kept = (
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FtcGxlc2FsdHNhbXBsZXNhbHRzYQ"
        "$pWBo3p2f8g7Bits9X9wFXDBzrOYPHkFP3rh4wwCihY8"
    )
    anew: list[str] = []
    assert check_password("a sample", kept, setter=anew.append)
    assert anew == ["a sample"]


@pytest.mark.django_db
def test_who_signs_in_from_this_machine_is_not_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_superuser("owner", password="a sample")
    monkeypatch.setitem(networks.PACES, "/admin/login/", Pace(most=0, seconds=600))
    typed = {"username": "owner", "password": "a sample"}
    assert client.post("/admin/login/", typed).status_code == 302
