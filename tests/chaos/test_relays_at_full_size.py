"""A slow relay and ten thousand digests that wait for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from subscriptions.benchmarks.send.latency import Session, far_away

from .test_relays_of_all_kinds import resident
from .test_three_hosts import SERVICE
from .world import World, world

pytestmark = [pytest.mark.chaos, pytest.mark.full]
READERS, CONNECTIONS = 10_000, 10
A_MAIL = 5.0  # seconds from a mail's last octet to the relay's answer
WARM_UP, LONG = 60.0, 240.0  # seconds, of which the first bring modules and templates
# MB from then on. Of the 10 * 240 / 5 mails that go meanwhile, of 71 kB each, keeping
# all would take 34, and making those that wait ahead 700. What does grow are pieces of
# papers met in another reader's words for the first time, which have a limit.
GROWTH = 20.0
INVENT = f"""
from subscriptions.benchmarks.mix import DAY
from subscriptions.benchmarks.send import seeding
from subscriptions.models import Subscriber
Subscriber.objects.all().delete()
seeding.readers({READERS})
seeding.compose(DAY)
"""


class Slow(Session):
    """It answers at once, but for the end of a mail."""

    def seconds(self, mails: int) -> float:
        return A_MAIL if mails else 0.0


def test_ten_thousand_who_wait_for_a_relay_of_five_seconds_a_mail_take_no_memory(
    tmp_path: Path,
) -> None:
    """Digests of 17 papers, each reader with filters of their own, by a sender as it
    runs in production: without DEBUG, in batches of the default size."""
    asked = SERVICE | {
        "SOURCES": "hf,arxiv",
        "SEND_BATCH": "2000",
        "SMTP_CONNECTIONS": str(CONNECTIONS),
    }
    with (
        world("postgresql", tmp_path, **asked) as here,
        far_away(A_MAIL, None, Slow) as relay,
    ):
        here.do(INVENT)
        assert here.states() == {"pending": READERS}
        sender = here.start("send", EMAIL_URL=f"smtp://127.0.0.1:{relay.port}")
        time.sleep(WARM_UP)
        before, mails = resident(sender.pid), relay.mails
        assert mails, here.errors
        measured = [(round(before), mails)]
        until = time.monotonic() + LONG
        while time.monotonic() < until:
            time.sleep(10)
            measured.append((round(resident(sender.pid)), relay.mails))
        print("MB, mails:", *measured)  # read with -s
        assert sender.poll() is None, sender.said
        assert relay.most == CONNECTIONS
        assert relay.mails - mails > LONG / A_MAIL  # more than one line's worth
        assert waiting(here) > READERS * 0.9
        assert max(size for size, _ in measured) - before < GROWTH, measured


def waiting(here: World) -> int:
    return here.states()["pending"]
