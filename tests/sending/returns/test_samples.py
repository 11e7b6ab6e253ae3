"""Every sample is the event it should be, and says what it should of the address."""

from __future__ import annotations

import time

import pytest

from subscriptions.models import Delivery, DeliveryEvent
from subscriptions.sending import returns

from .mails import Target, failed
from .samples import SAMPLES, Sample


def test_there_are_sixty_of_them_and_more() -> None:
    assert len({each.name for each in SAMPLES}) == len(SAMPLES) >= 60


@pytest.mark.parametrize("sample", SAMPLES, ids=[each.name for each in SAMPLES])
def test_a_sample_is_the_event_it_should_be(sample: Sample, digest: Delivery) -> None:
    taken = returns.take(sample.raw(Target.of(digest)))
    if not sample.type:
        assert sample.says in taken.why
        assert not DeliveryEvent.objects.exists()
        return
    event = DeliveryEvent.objects.get()
    assert (taken.type, taken.new, taken.why) == (sample.type, True, "")
    assert (event.type, event.status, event.verdict) == (
        sample.type,
        sample.status,
        sample.verdict,
    )
    assert event.subscriber_id == digest.subscriber_id


@pytest.mark.parametrize("sample", SAMPLES, ids=[each.name for each in SAMPLES])
def test_no_event_keeps_an_address_or_a_link(sample: Sample, digest: Delivery) -> None:
    returns.take(sample.raw(Target.of(digest)))
    for event in DeliveryEvent.objects.all():
        assert "@" not in event.detail
        assert "/unsubscribe/" not in event.detail


@pytest.mark.parametrize("megabytes", [10, 30])
def test_43_a_huge_report_is_read_as_far_as_its_fields(
    megabytes: int, digest: Delivery
) -> None:
    attached = ("Content-Type: application/zip", b"A" * 75 + b"\n")
    raw = failed(Target.of(digest), "5.1.1", inside=[attached])
    raw = raw.replace(b"A" * 75, b"A" * (megabytes * 1_000_000))
    start = time.monotonic()
    assert returns.take(raw).type == "bounced"
    assert time.monotonic() - start < 5
