"""A relay that refuses, slows down or is slow in the middle of a round."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.end_to_end.service import DAY, eventually
from tests.sending.oracle import Moment

from .world import READERS, World, world

pytestmark = pytest.mark.chaos
LOGIN = ("paper", "round")
MORE = 1_000  # readers
GROWTH = 6.0  # MB that a sender may grow while it waits for a slow relay


def test_a_login_that_is_refused_in_the_middle_burns_no_attempts(
    tmp_path: Path,
) -> None:
    def script(moment: Moment) -> str | None:
        if moment.stage == "dot":
            used.add(moment.session)
        if calm or len(here.relay.taken()) < READERS // 3:
            return None
        here.relay.login = ("somebody", "else")
        # To a session without a mail yet it would be a word on that one.
        ends = moment.stage == "MAIL" and moment.session in used
        return "421 4.3.2 restarting" if ends else None

    calm, used = False, set[int]()
    with world("postgresql", tmp_path, script, login=LOGIN) as here:
        assert here.round() == 1
        assert "refused the login (535)" in here.errors
        states = here.states()
        assert states.keys() == {"sent", "pending"}
        tried = "SELECT max(attempts) FROM subscriptions_delivery WHERE state = "
        assert here.one(tried + "'pending'") == (0,)
        calm, here.relay.login = True, LOGIN
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS}
        assert here.copies() == 0


def test_one_domain_that_asks_to_slow_down_leaves_the_others_alone(
    tmp_path: Path,
) -> None:
    """Counted and not timed: in the one round all others have their digest."""

    def script(moment: Moment) -> str | None:
        if moment.stage == "RCPT" and moment.recipient.endswith("@domain1.example.org"):
            return "421 4.7.0 too many mails from you"
        return None

    with world("postgresql", tmp_path, script) as here:
        assert here.round() == 0
        of_domain = len([one for one in here.addresses() if "@domain1." in one])
        assert here.states()["sent"] == READERS - of_domain
        assert here.copies() == 0
        sent = {each.recipient for each in here.relay.digests()}
        assert not [one for one in sent if "@domain1." in one]
        assert len(sent) == READERS - of_domain


def test_a_slow_relay_and_many_who_wait_take_no_memory(tmp_path: Path) -> None:
    def script(moment: Moment) -> None:
        if moment.stage == "dot":
            time.sleep(0.05)  # the oracle answers one at a time: so much for each

    with world("postgresql", tmp_path, script, SEND_BATCH="500") as here:
        add_readers(here, MORE)
        sender = here.start("round", "--day", str(DAY))
        eventually(lambda: len(here.relay.taken()) > 20)
        before = resident(sender.pid)
        most = before
        for _ in range(12):
            time.sleep(0.25)
            most = max(most, resident(sender.pid))
        assert sender.poll() is None, "it has sent them all already"
        assert here.states()["pending"] > MORE / 2
        assert most - before < GROWTH, (before, most)


def add_readers(here: World, number: int) -> None:
    here.do(f"""
from subscriptions.models import Subscriber, Subscription
first = Subscriber.objects.order_by("pk")[0]
topic = first.subscriptions.get().filter_id
made = []
for n in range({number}):
    one = Subscriber.objects.get(pk=first.pk)
    one.pk, one.email = None, f"more{{n}}@domain{{n % 3}}.example.org"
    one.email_folded = one.email
    made.append(one)
Subscriber.objects.bulk_create(made)
Subscription.objects.bulk_create(
    Subscription(subscriber=one, filter_id=topic) for one in made)
""")


def resident(pid: int) -> float:
    """MB that the process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6
