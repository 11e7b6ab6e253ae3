"""What keeps a sender of a whole morning quick."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from subscriptions import pipeline
from tests.factories import TUESDAY, an_edition
from tests.sending.oracle import Oracle

from .digests import a_reader_of, listed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "send", [lambda: pipeline.run(TUESDAY), pipeline.deliver], ids=["round", "tick"]
)
def test_garbage_is_seldom_looked_for_while_digests_are_sent(
    send: Callable[[], object], relay: Oracle
) -> None:
    """It took a third of a round's time."""
    usually, meanwhile = gc.get_threshold(), set[tuple[int, int, int]]()
    relay.script = lambda moment: meanwhile.add(gc.get_threshold())
    listed(an_edition(), "Gradient flows")
    a_reader_of("gradient", hour=8)
    pipeline.compose_day(TUESDAY)
    send()
    assert len(relay.taken()) == 1
    assert len(meanwhile) == 1
    assert min(meanwhile) > (100 * usually[0],)
    assert gc.get_threshold() == usually
