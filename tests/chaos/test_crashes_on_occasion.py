"""kill -9 at the points that a round comes by only when something else happened."""

from __future__ import annotations

import ast
import signal
from pathlib import Path

import pytest

from subscriptions.crashpoint import POINTS
from tests.end_to_end.service import DAY, eventually, rows
from tests.sending.oracle import Moment

from .crash import BATCHES, MAILS, ON_OCCASION
from .seeded import a_later_day
from .world import CONNECTIONS, READERS, world

pytestmark = pytest.mark.chaos
LETTERS = """
from subscriptions.models import Letter, Subscriber
for reader in Subscriber.objects.order_by("pk")[:5]:
    Letter.objects.create(subscriber=reader, kind=Letter.Kind.PREFERENCES,
        message_id=Letter.message_id_for("letter", reader.pk))
"""


SIGN_UP = """
from subscriptions import consent
consent.subscribe("new@example.org", [], consent.Schedule())
"""
CONFIRM = """
from subscriptions import consent
from subscriptions.models import Subscriber
consent.confirm(Subscriber.objects.get(email="new@example.org").pk)
"""


def test_every_point_has_a_case_or_a_test_of_its_own() -> None:
    tree = ast.parse(Path(__file__).read_text())
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(ON_OCCASION.values()) <= written
    assert ON_OCCASION.keys() <= set(POINTS)
    stages = {point.partition(".")[0] for point in POINTS}
    assert set(POINTS) | stages >= MAILS | BATCHES


def test_a_kill_while_somebody_signs_up_and_confirms(tmp_path: Path) -> None:
    """All of it or nothing; who presses the button again is none the worse."""
    states = "SELECT state, count(*) FROM subscriptions_subscriber GROUP BY state"
    with world("postgresql", tmp_path) as here:
        for code, point in ((SIGN_UP, "subscribe.owed"), (CONFIRM, "confirm.written")):
            before = rows(here.settings, states)
            killed = here.run("shell", "-v0", "-c", code, crash=f"{point}:1:KILL")
            assert killed == -signal.SIGKILL
            assert rows(here.settings, states) == before
            here.do(code)
            assert here.run("send") == 0
        assert rows(here.settings, states) == [("active", READERS + 1)]
        [letter] = here.relay.taken()
        assert letter.recipient == "new@example.org"
        asked = "SELECT count(*) FROM subscriptions_consentrecord r JOIN"
        asked += " subscriptions_subscriber s ON s.id = r.subscriber_id"
        assert here.one(f"{asked} WHERE email = 'new@example.org'") == (2,)


def test_a_kill_while_a_day_comes_in(tmp_path: Path) -> None:
    next_day = a_later_day(tmp_path, 1)
    with world("postgresql", tmp_path) as here:
        day = ("ingest", "--file", str(next_day))
        assert here.run(*day, crash="ingest.stored:1:KILL") == -signal.SIGKILL
        papers = "SELECT count(*) FROM subscriptions_paper"
        listings = "SELECT count(*) FROM subscriptions_listing"
        assert (here.one(papers), here.one(listings)) == ((5,), (5,))
        assert here.run(*day) == 0
        assert (here.one(papers), here.one(listings)) == ((10,), (10,))


def test_a_kill_while_a_letter_is_made(tmp_path: Path) -> None:
    with world("postgresql", tmp_path) as here:
        assert here.run("shell", "-v0", "-c", LETTERS) == 0
        assert here.run("send", crash="letter.made:3:KILL") == -signal.SIGKILL
        assert here.run("send") == 0
        states = "SELECT state, max(crashes) FROM subscriptions_letter GROUP BY state"
        assert here.one(states) == ("sent", 0)
        taken = [each.message_id for each in here.relay.taken()]
        assert len(set(taken)) == 5
        assert len(taken) <= 5 + CONNECTIONS - 1


def test_a_kill_while_a_mail_that_must_not_go_ends(tmp_path: Path) -> None:
    """Four leave after the round was composed."""
    with world("postgresql", tmp_path) as here:
        here.compose()
        left = here.addresses()[:4]
        here.write(
            "UPDATE subscriptions_subscriber SET state = 'unsubscribed' "
            f"WHERE email IN {tuple(left)}"
        )
        assert here.round(crash="judge.ended:1:KILL") == -signal.SIGKILL
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS - 4, "unsubscribed": 4}
        assert here.copies() == 0
        assert not {each.recipient for each in here.relay.taken()} & set(left)


def test_a_kill_while_leases_are_renewed(tmp_path: Path) -> None:
    """Making the first batch took ten minutes of its leases."""
    with world("postgresql", tmp_path) as here:
        crash = "prepare.read:1:STOP,wanted.renewed:1:KILL"
        slow = here.start("round", "--day", str(DAY), crash=crash)
        eventually(slow.is_stopped)
        here.write(
            "UPDATE subscriptions_delivery SET leased_until = "
            "leased_until - interval '10 minutes' WHERE state = 'leased'"
        )
        slow.send_signal(signal.SIGCONT)
        assert here.ended(slow) == -signal.SIGKILL
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS}
        assert here.copies() == 0


def test_a_kill_while_coverage_is_given_back(tmp_path: Path) -> None:
    """The relay knows two readers not at all."""

    def script(moment: Moment) -> str | None:
        if moment.stage == "RCPT" and moment.recipient[:8] in {"reader3@", "reader9@"}:
            return "550 5.1.1 no such user"
        return None

    with world("postgresql", tmp_path, script) as here:
        assert here.round(crash="record.coverage:1:KILL") == -signal.SIGKILL
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS - 2, "failed": 2}
        assert here.copies() <= CONNECTIONS  # another batch may have been on its way
        assert here.one("SELECT count(*) FROM subscriptions_deliveryevent") == (2,)
        given_back = (
            "SELECT count(*) FROM subscriptions_subscriber s "
            "JOIN subscriptions_delivery d ON d.subscriber_id = s.id "
            "WHERE (s.covered = d.covered_from) <> (d.state = 'sent')"
        )
        assert here.one(given_back) == (READERS,)


def test_a_kill_after_mails_went_back(tmp_path: Path) -> None:
    """The relay asks for a pause before it takes anything."""
    calm = False

    def script(moment: Moment) -> str | None:
        return None if calm else "421 4.3.2 too many connections"

    with world("postgresql", tmp_path, script) as here:
        assert here.round(crash="release.done:1:KILL") == -signal.SIGKILL
        calm = True
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS}
        assert here.copies() == 0
