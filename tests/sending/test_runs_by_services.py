"""Mails by a mail service: several calls at once, journal, pace, and their stops."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from subscriptions.models import Delivery
from subscriptions.sending import Counts, send
from subscriptions.sending.backend import Service
from subscriptions.sending.brakes.pace import Pace
from subscriptions.sending.outcome import Offer, Outcome
from subscriptions.sending.run import Handed

from .handing import Notes, an_offer
from .mail_service import MAILGUN, Answer, MailService
from .oracle import Do
from .rows import a_digest, a_reader, an_outgoing, digests

Start = Callable[..., MailService]
MAIL = an_outgoing()


def offers(number: int, domain: str = "example.org") -> list[Offer]:
    return [
        an_offer(an_outgoing(f"reader{n}@{domain}", f"<{n}@x>"), n)
        for n in range(number)
    ]


@contextmanager
def a_service(at_once: int = 1, pace: Pace | None = None) -> Iterator[Service]:
    with Service(MAILGUN, at_once, pace) as service:
        yield service


def handed_over(service: Service, some: list[Offer], stop: float = math.inf) -> Handed:
    return service.hand_in(some, Notes(), stop).result()


# --- rows -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_everything_that_waits_is_sent_once(service_with: Start, settings: Any) -> None:
    settings.SMTP_CONNECTIONS, settings.SEND_BATCH = 4, 10
    theirs = service_with(lambda call: time.sleep(0.02))
    owed = [a_digest() for _ in range(40)]
    assert send(Delivery, digests) == Counts(sent=40)
    expected = {(digest.subscriber.email, digest.message_id) for digest in owed}
    assert set(theirs.taken()) == expected
    assert len(theirs.taken()) == 40
    assert 1 < theirs.at_once <= 4
    assert send(Delivery, digests) == Counts()


@pytest.mark.django_db(transaction=True)
def test_each_mail_has_its_own_end_at_a_service_of_moods(
    service_with: Start, settings: Any
) -> None:
    settings.SMTP_CONNECTIONS = 4
    moods: dict[str, Answer] = {
        "later": 503,
        "never": 400,
        "closed": Do.TAKE_AND_CLOSE,
        "hung": Do.HANG,
    }
    theirs = service_with(lambda call: moods.get(call.recipient.split("-")[0]))
    for number in range(4):
        for name in ("fine", *moods):
            a_digest(a_reader(email=f"{name}-{number}@example.org"))
    assert send(Delivery, digests) == Counts(sent=4, deferred=4, failed=4, in_doubt=8)
    ends = {
        ("fine", "sent"),
        ("later", "deferred"),
        ("never", "failed"),
        ("closed", "in_doubt"),
        ("hung", "in_doubt"),
    }
    rows = Delivery.objects.values_list("subscriber__email", "state")
    assert {(email.split("-")[0], state) for email, state in rows} == ends
    assert set(Counter(theirs.recipients()).values()) == {1}


# --- calls ------------------------------------------------------------------------


def test_a_connection_is_kept_and_opened_anew_after_a_fault(
    service_with: Start,
) -> None:
    theirs = service_with(lambda call: Do.CLOSE if call.number == 3 else None)
    with a_service() as service:
        handed_over(service, offers(3))
        handed_over(service, [an_offer(MAIL, n) for n in range(3, 6)])
    ports = [call.connection for call in theirs.calls]
    assert len(set(ports[:3])) == len(set(ports[3:])) == 1
    assert len(set(ports)) == 2


def test_the_first_call_is_made_alone(service_with: Start) -> None:
    theirs = service_with(lambda call: time.sleep(0.2 if call.number == 1 else 0))
    with a_service(4) as service:
        run = service.hand_in(offers(8), Notes())
        time.sleep(0.1)
        assert len(theirs.calls) == 1
        assert len(run.result().outcomes) == 8


def test_the_journal_hears_of_a_call_before_the_service_does(
    service_with: Start,
) -> None:
    theirs = service_with()

    class Slow(Notes):
        def begun(self, key: Any) -> None:
            time.sleep(0.05)
            self.lines.append(("out" if theirs.calls else "begun", key))

    notes = Slow()
    with a_service() as service:
        service.hand_in([an_offer(MAIL)], notes).result()
    assert notes.lines == [("begun", 0), ("sent", 0)]


def test_a_mail_of_which_nothing_was_said_is_not_in_doubt(service_with: Start) -> None:
    """Its call was noted, and refused for all: the journal must not end there."""
    service_with(lambda call: 401)
    notes = Notes()
    with a_service() as service:
        handed = service.hand_in(offers(3), notes).result()
    assert handed.down and len(handed.untried) == 3 and not handed.outcomes
    assert notes.lines == [("begun", 0), ("deferred", 0)]


@pytest.mark.parametrize("what", ["begun", "ended"])
def test_what_the_journal_raises_ends_the_run_and_nothing_more_goes_out(
    service_with: Start, what: str
) -> None:
    class Full(Notes):
        def begun(self, key: Any) -> None:
            super().begun(key)
            if what == "begun" and key == 2:
                raise OSError("no space left")

        def ended(self, key: Any, outcome: Any) -> None:
            super().ended(key, outcome)
            if what == "ended" and key == 1:
                raise OSError("no space left")

    theirs = service_with()
    with a_service() as service:
        with pytest.raises(OSError, match="no space left"):
            service.hand_in(offers(10), Full()).result()
        with pytest.raises(OSError, match="no space left"):
            handed_over(service, offers(3))
    assert len(theirs.taken()) == 2


def test_a_mail_whose_call_was_not_noted_is_under_way_no_more(
    service_with: Start,
) -> None:
    """The pace outlives the service; a domain of mails for ever under way gets none."""

    class Full(Notes):
        def begun(self, key: Any) -> None:
            raise OSError("no space left")

    service_with()
    pace = Pace(domain_connections=1)
    with a_service(1, pace) as service, pytest.raises(OSError, match="no space left"):
        service.hand_in(offers(1), Full()).result()
    assert pace.admit(offers(1)[0].domain, time.monotonic()) == 0


def test_a_mail_that_cannot_be_made_does_not_stop_the_others(
    service_with: Start,
) -> None:
    def poison() -> bytes:
        raise ValueError("secret@example.org wants *")

    theirs = service_with()
    bad = Offer("bad", MAIL.sender, "secret@example.org", poison)
    with a_service() as service:
        handed = handed_over(service, [*offers(1), bad, an_offer(MAIL, "last")])
    outcome = handed.outcomes["bad"]
    assert (outcome.kind, outcome.stage) == ("deferred", "rendering")
    assert outcome.reply == "it could not be made: ValueError"
    assert len(theirs.taken()) == 2


# --- stops ------------------------------------------------------------------------


def test_after_its_time_no_call_begins(service_with: Start) -> None:
    theirs = service_with(lambda call: time.sleep(0.1))
    with a_service() as service:
        handed = handed_over(service, offers(50), stop=time.monotonic() + 0.35)
    assert 1 <= len(handed.outcomes) <= 4
    assert len(handed.untried) == 50 - len(theirs.taken())
    assert not handed.down


def test_what_is_cut_short_begins_nothing_more(service_with: Start) -> None:
    service_with(lambda call: time.sleep(0.1))
    with a_service() as service:
        run = service.hand_in(offers(50), Notes())
        time.sleep(0.15)
        service.cut_short()
        assert len(run.result().untried) >= 45


def test_a_domain_that_rests_leaves_the_others_alone(service_with: Start) -> None:
    theirs = service_with()
    pace = Pace()
    pace.admit("slow.example", time.monotonic())
    slower = Outcome("deferred", "RCPT", "421 4.7.0 slow down", "4.7.0")
    pace.told("slow.example", slower, time.monotonic())
    with a_service(2, pace) as service:
        for domain in ("slow.example", "example.org"):
            run = service.hand_in(offers(5, domain), Notes())
            for _ in range(500):
                if run.is_over:
                    break
                time.sleep(0.01)
            assert run.is_over
            assert len(run.result().untried) == (5 if domain == "slow.example" else 0)
    assert len(theirs.taken()) == 5


def test_a_rate_is_kept(service_with: Start) -> None:
    service_with()
    with a_service(4, Pace(relay_rate=20)) as service:
        begun = time.monotonic()
        handed_over(service, offers(12))
        assert time.monotonic() - begun > 0.35


def test_a_domain_gets_no_more_at_once_than_its_pace_admits(
    service_with: Start,
) -> None:
    theirs = service_with(lambda call: time.sleep(0.05))
    with a_service(8, Pace(domain_connections=2)) as service:
        assert len(handed_over(service, offers(12)).outcomes) == 12
    assert theirs.at_once == 2
