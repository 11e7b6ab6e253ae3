"""How many sign-ups one network may make, and one domain may be named in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.test import override_settings

from subscriptions import consent
from subscriptions.models import Letter, Subscriber
from subscriptions.models.suppressions import Asking
from tests.factories import a_reader

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("few"),
]
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)
HERE, ELSEWHERE = "203.0.113.0/24", "198.51.100.0/24"


@pytest.fixture
def few() -> object:
    with override_settings(SIGNUPS_PER_NETWORK=2, SIGNUPS_PER_DOMAIN=4):
        yield


def sign_up(number: int, network: str = HERE, domain: str = "") -> str:
    """What kept it from being made, "" if nothing did."""
    address = f"new{number}@{domain or f'example{number}.org'}"
    try:
        consent.subscribe(address, [], consent.Schedule(), network=network)
    except consent.TooManySignUps as many:
        return f"{many.whose}, {many.seconds} s"
    return ""


def test_a_network_signs_up_so_many_an_hour_and_three_times_as_many_a_day() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert [sign_up(number) for number in (1, 2)] == ["", ""]
        clock.shift(timedelta(minutes=50))
        assert sign_up(3) == "network, 600 s"
        assert sign_up(3, ELSEWHERE) == ""
        for first in (3, 5):
            clock.shift(timedelta(hours=1))
            assert [sign_up(first), sign_up(first + 1)] == ["", ""]
        clock.shift(timedelta(hours=1))
        day_left = 24 * 3600 - (50 + 3 * 60) * 60
        assert sign_up(7) == f"network, {day_left} s"
        clock.shift(timedelta(seconds=day_left))
        assert sign_up(7) == ""


def test_a_domain_is_named_so_often_a_day_from_wherever() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(4):
            assert sign_up(number, f"10.0.{number}.0/24", "Example.ORG") == ""
        assert sign_up(9, ELSEWHERE, "example.org") == "domain, 86400 s"
        assert sign_up(9, ELSEWHERE, "example.com") == ""
        clock.shift(timedelta(days=1))
        assert sign_up(9, ELSEWHERE, "example.org") == ""


def test_one_that_is_refused_leaves_nothing_and_counts_nowhere() -> None:
    sign_up(1), sign_up(2)
    counted = Asking.objects.count()
    assert sign_up(3).startswith("network")
    assert Asking.objects.count() == counted
    assert not Subscriber.objects.filter(email__startswith="new3").exists()


def test_who_is_known_counts_like_anybody_else() -> None:
    """Or the page would tell who reads here."""
    for number in (1, 2):
        a_reader(email=f"new{number}@example.org")
        assert sign_up(number, domain="example.org") == ""
    assert sign_up(1, domain="example.org").startswith("network")


def test_where_the_network_is_not_known_the_domain_is_counted_alone() -> None:
    assert [sign_up(number, "") for number in range(5)] == [""] * 5


@override_settings(SIGNUPS_PER_NETWORK=0, SIGNUPS_PER_DOMAIN=0)
def test_nought_is_any_number() -> None:
    assert {sign_up(number, domain="example.org") for number in range(9)} == {""}


def test_who_works_for_each_may_make_ten_times_as_many() -> None:
    for number in range(40):
        consent.subscribe(
            f"new{number}@example.org",
            [],
            consent.Schedule(),
            network=ELSEWHERE if number % 2 else HERE,
            worked=True,
        )
    with pytest.raises(consent.TooManySignUps, match="one domain"):
        consent.subscribe(
            "one@example.org", [], consent.Schedule(), network="", worked=True
        )


def test_an_operators_import_is_not_counted() -> None:
    for number in range(9):
        address = f"new{number}@example.org"
        assert consent.add_imported(address, [], consent.Schedule(), None)
    assert Letter.objects.count() == 9


def test_no_network_is_stored_in_words() -> None:
    sign_up(1)
    assert "203.0.113" not in "".join(f"{vars(row)}" for row in Asking.objects.all())


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_sign_ups_at_once_are_counted_one_by_one() -> None:
    sign_up(0, domain="example.org")
    together = Barrier(6)

    def one(number: int) -> str:
        together.wait()
        try:
            return sign_up(number, domain="example.org")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        refused = list(pool.map(one, range(1, 7)))
    assert refused.count("") == 1
