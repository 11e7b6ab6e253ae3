"""A token in a log would be a key left in a door."""

import logging
from datetime import UTC, datetime

import pytest

from digest_site.logs import WithoutTokens
from subscriptions import links
from subscriptions.models import Delivery


@pytest.mark.parametrize(
    "purpose",
    ["confirm", "preferences", "unsubscribe", "address", "withdraw", "still"],
)
def test_a_token_is_taken_out_of_a_message(purpose: str) -> None:
    token = links.token(purpose, 4711)
    record = logging.LogRecord(
        "django.request", 40, "", 1, "Error: %s", (f"/me/{token}/",), None
    )
    assert WithoutTokens().filter(record)
    assert record.getMessage() == "Error: /me/(token)/"


def test_a_token_before_a_paper_is_taken_out_and_the_paper_stays() -> None:
    digest = Delivery(pk=4711, created_at=datetime(2026, 7, 7, tzinfo=UTC))
    link = links.tune(digest, "2607.01234")
    record = logging.LogRecord("x", 40, "", 1, "Error: %s", (link,), None)
    assert WithoutTokens().filter(record)
    assert record.getMessage().endswith("/tune/(token)/2607.01234")


def test_other_messages_stay_as_they_are() -> None:
    record = logging.LogRecord("x", 20, "", 1, "took ~%d s of %s", (3, "9~10"), None)
    WithoutTokens().filter(record)
    assert record.getMessage() == "took ~3 s of 9~10"
