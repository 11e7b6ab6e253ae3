"""How fast mail goes out, to the relay and to each domain."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from subscriptions.sending.brakes.pace import SILENT, Pace
from subscriptions.sending.outcome import Outcome
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import Notes, an_offer, hand_over
from .oracle import Do, Moment, Oracle
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)
SENT = Outcome("sent", "dot", "250 ok")
UNKNOWN = Outcome("in_doubt", "dot", "no answer")
SLOW = Outcome("deferred", "RCPT", "421 4.7.0 slow down", "4.7.0")
ONE, OTHER = "one.example", "other.example"


def admitted(pace: Pace, domain: str, now: float, tries: int = 100) -> int:
    """How many of so many mails may begin at this moment."""
    return [pace.admit(domain, now) for _ in range(tries)].count(0.0)


def tell(pace: Pace, domain: str, outcome: Outcome | None, now: float) -> None:
    assert pace.admit(domain, now) == 0
    pace.told(domain, outcome, now)


# --- how many at once


def test_a_domain_begins_with_five_at_once_and_others_with_their_own():
    pace = Pace()
    assert admitted(pace, ONE, now=0) == 5
    assert admitted(pace, OTHER, now=0) == 5


def test_each_success_allows_one_more_up_to_the_limit():
    pace = Pace(domain_connections=8)
    for allowed in (6, 7, 8, 8):
        tell(pace, ONE, SENT, now=0)
        assert admitted(pace, ONE, now=0) == allowed
        for _ in range(allowed):
            pace.told(ONE, None, now=0)


def test_a_mail_that_came_back_without_a_word_frees_its_place_and_no_more():
    pace = Pace()
    for _ in range(20):
        tell(pace, ONE, None, now=0)
    assert admitted(pace, ONE, now=0) == 5


def test_a_limit_below_five_holds_from_the_start():
    assert admitted(Pace(domain_connections=2), ONE, now=0) == 2


# --- back-off


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("deferred", "RCPT", "421 try later"),
        Outcome("deferred", "RCPT", "450 4.7.28 unusual rate of mail", "4.7.28"),
        Outcome("deferred", "RCPT", "452 too many recipients this hour"),
        Outcome("deferred", "RCPT", "451 rate limit exceeded"),
        Outcome("deferred", "dot", "451 4.7.1 throttled", "4.7.1"),
        Outcome("deferred", "dot", "421 one.example answers no more"),
    ],
)
def test_a_domain_that_asks_to_slow_down_rests_alone(outcome):
    pace = Pace()
    tell(pace, ONE, outcome, now=1000)
    assert 45 <= pace.admit(ONE, now=1000) <= 75
    assert list(pace.blocked(now=1000)) == [ONE]
    assert admitted(pace, OTHER, now=1000) == 5


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("deferred", "RCPT", "450 4.7.1 greylisted, try later", "4.7.1"),
        Outcome("deferred", "RCPT", "451 4.2.0 Graylisting in action", "4.2.0"),
        Outcome("deferred", "RCPT", "452 4.2.2 mailbox full", "4.2.2"),
        Outcome("deferred", "dot", "421 4.3.2 shutting down", "4.3.2"),
        Outcome("failed", "RCPT", "550 5.7.1 too many complaints", "5.7.1"),
        Outcome("in_doubt", "dot", "no reply: the relay closed the connection"),
        Outcome("deferred", "rendering", "it could not be made: ValueError"),
    ],
)
def test_what_says_nothing_about_speed_slows_nobody(outcome):
    pace = Pace()
    tell(pace, ONE, outcome, now=1000)
    assert pace.blocked(now=1000) == {}
    assert admitted(pace, ONE, now=1000) == 5


def test_each_rest_is_twice_as_long_up_to_an_hour_and_half_as_wide():
    pace, now = Pace(), 0.0
    for expected in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        tell(pace, ONE, SLOW, now)
        rest = pace.blocked(now)[ONE]
        assert 0.75 * expected <= rest <= 1.25 * expected
        now += rest
    assert pace.blocked(now) == {}
    assert admitted(pace, ONE, now) == 1


def test_what_was_under_way_when_the_rest_began_does_not_lengthen_it():
    pace = Pace()
    assert admitted(pace, ONE, now=0) == 5
    for _ in range(5):
        pace.told(ONE, SLOW, now=0)
    assert pace.blocked(now=0)[ONE] <= 75
    assert admitted(pace, ONE, now=80) == 2


def test_after_a_success_the_next_rest_is_a_short_one_again():
    pace = Pace()
    tell(pace, ONE, SLOW, now=0)
    tell(pace, ONE, SLOW, now=100)
    tell(pace, ONE, SENT, now=300)
    tell(pace, ONE, SLOW, now=301)
    assert pace.blocked(now=301)[ONE] <= 75


def test_what_the_relay_says_at_mail_is_about_the_relay():
    pace = Pace()
    at_mail = Outcome("deferred", "MAIL", "421 4.7.0 too many connections", "4.7.0")
    tell(pace, ONE, at_mail, now=1000)
    assert 3 <= pace.admit(OTHER, now=1000) <= 7
    assert 3 <= pace.relay_rests(now=1000) <= 7
    assert pace.blocked(now=1000) == {}
    assert pace.admit(OTHER, now=1007) == 0


# --- rates


def test_the_rate_of_the_relay_holds_over_all_domains():
    pace = Pace(relay_rate=10)
    begun = sum(admitted(pace, f"d{n}.example", n / 100, 1) for n in range(1000))
    assert 100 <= begun <= 102  # in ten seconds


def test_the_rate_of_a_domain_leaves_the_others_theirs():
    pace = Pace(domain_rate=10, domain_connections=1000)
    begun = {ONE: 0, OTHER: 0}
    for n in range(1000):
        for domain in begun:
            if pace.admit(domain, n / 100) == 0:
                begun[domain] += 1
                pace.told(domain, SENT, n / 100)
    assert all(100 <= number <= 102 for number in begun.values())


def test_it_says_when_the_rate_allows_the_next():
    pace = Pace(relay_rate=4)
    assert pace.admit(ONE, now=1000) == 0
    while (wait := pace.admit(ONE, now=1000)) == 0:
        pass
    assert 0 < wait <= 0.25
    assert pace.admit(ONE, now=1000 + wait) == 0


# --- at a relay


def handed_over(oracle: Oracle, pace: Pace, addresses: list[str], **options):
    with Relay(server(oracle.url), "[127.0.0.1]", 4, SHORT, pace) as relay:
        return hand_over(relay, *map(an_outgoing, addresses), **options)


def test_a_domain_in_back_off_leaves_the_others(tmp_path):
    """Of the one some are tried and the rest stays untried, the others all go."""

    def script(moment: Moment) -> str | None:
        busy = moment.stage == "RCPT" and moment.recipient.endswith(ONE)
        return "450 4.7.0 too many mails from you" if busy else None

    addresses = [f"r{n}@{(ONE, OTHER, 'third.example')[n % 3]}" for n in range(300)]
    pace = Pace()
    with Oracle(tmp_path / "taken.jsonl", script) as oracle:
        handed = handed_over(oracle, pace, addresses)
    slowed = [o for o in handed.outcomes.values() if o.kind == "deferred"]
    assert len(oracle.taken()) == 200
    assert 1 <= len(slowed) <= 5
    assert len(slowed) + len(handed.untried) == 100
    assert {offer.domain for offer in handed.untried} == {ONE}
    assert handed.down is None
    assert list(pace.blocked(time.monotonic())) == [ONE]


def test_domains_take_turns(tmp_path):
    addresses = [f"r{n}@{ONE}" for n in range(20)] + [f"x@{OTHER}", "x@third.example"]
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        with Relay(server(oracle.url), "[127.0.0.1]", 1, SHORT, Pace()) as relay:
            hand_over(relay, *map(an_outgoing, addresses))
        assert f"x@{OTHER}" in oracle.recipients()[:3]
        assert len(oracle.taken()) == 22


def test_a_limit_of_one_at_once_is_never_passed_and_all_arrive(tmp_path):
    now, most = 0, 0

    def script(moment: Moment) -> None:
        nonlocal now, most
        if moment.stage == "MAIL":
            now += 1
            most = max(most, now)
        elif moment.stage == "dot":
            now -= 1

    with Oracle(tmp_path / "taken.jsonl", script) as oracle:
        handed = handed_over(oracle, Pace(domain_connections=1), [f"r@{ONE}"] * 15)
        assert len(oracle.taken()) == 15
    assert (handed.untried, most) == ([], 1)


def test_what_a_lost_session_gives_back_frees_its_place(tmp_path):
    """Each session ends at its third mail: at its first, the relay would be resting."""
    offered: Counter[int] = Counter()

    def script(moment: Moment) -> str | None:
        offered[moment.session] += moment.stage == "MAIL"
        ends = moment.stage == "MAIL" and offered[moment.session] == 3
        return "421 4.3.2 that is enough for one session" if ends else None

    with Oracle(tmp_path / "taken.jsonl", script) as oracle:
        handed = handed_over(
            oracle,
            Pace(domain_connections=2),
            [f"r@{ONE}"] * 12,
            stop=time.monotonic() + 15,
        )
    assert handed.untried == []


def test_the_wait_for_a_rate_is_waited_for(tmp_path):
    began = time.monotonic()
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        handed = handed_over(oracle, Pace(relay_rate=20), [f"r@{ONE}"] * 15)
        assert len(oracle.taken()) == 15
    assert handed.untried == []
    assert time.monotonic() - began >= 0.5  # 15 at 20 a second, two at once at first


def test_a_wait_beyond_the_time_is_not_begun(tmp_path):
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        handed = handed_over(
            oracle,
            Pace(relay_rate=1),
            [f"r@{ONE}"] * 5,
            stop=time.monotonic() + 0.9,
        )
        assert len(oracle.taken()) == 1
    assert (len(handed.untried), handed.down) == (4, None)


def test_a_relay_that_wants_a_pause_gets_it(tmp_path):
    """It is down for as long; what is left is untried, not deferred one by one."""

    def script(moment: Moment) -> str | None:
        return "421 4.7.0 too many connections" if moment.stage == "MAIL" else None

    with Oracle(tmp_path / "taken.jsonl", script) as oracle:
        handed = handed_over(oracle, Pace(), [f"r@{ONE}"] * 50)
    assert "asks for a pause" in str(handed.down)
    assert len(handed.outcomes) <= 2
    assert len(handed.outcomes) + len(handed.untried) == 50


def test_a_relay_that_takes_mails_and_never_answers_gets_a_few_and_not_all(tmp_path):
    """Each is in doubt, and would be so for good after its second copy."""

    def script(moment: Moment) -> Do | None:
        return Do.TAKE_AND_CLOSE if moment.stage == "dot" else None

    pace = Pace()
    with Oracle(tmp_path / "taken.jsonl", script) as oracle:
        handed = handed_over(oracle, pace, [f"r@{n % 9}.{ONE}" for n in range(200)])
        again = handed_over(oracle, pace, [f"r@{ONE}"] * 9)
    assert "gives no answer" in str(handed.down)
    assert SILENT <= len(handed.outcomes) <= SILENT + 4  # connections
    assert len(handed.outcomes) + len(handed.untried) == 200
    assert (len(again.outcomes), len(again.untried)) == (0, 9)


def test_after_a_silence_a_few_are_tried_and_an_answer_ends_it():
    pace, now = Pace(domain_connections=99), 0.0
    for _ in range(SILENT):
        tell(pace, ONE, UNKNOWN, now)
    for first, longest in ((60, 75), (120, 150), (240, 300)):
        rest = pace.relay_rests(now)
        assert first * 0.75 <= rest <= longest
        now += rest
        tell(pace, ONE, UNKNOWN, now)
    now += pace.relay_rests(now)
    tell(pace, ONE, Outcome("failed", "dot", "550 no"), now)
    for _ in range(SILENT - 1):
        tell(pace, ONE, UNKNOWN, now)
    assert pace.relay_rests(now) == 0


def test_what_comes_back_untried_can_be_offered_again(tmp_path):
    pace = Pace()
    offers = [an_offer(an_outgoing(f"r{n}@{ONE}"), n) for n in range(10)]
    with (
        Oracle(tmp_path / "taken.jsonl") as oracle,
        Relay(server(oracle.url), "[127.0.0.1]", 4, SHORT, pace) as relay,
    ):
        none = relay.hand_in(offers, Notes(), stop=0).result()
        all_ = relay.hand_in(none.untried, Notes()).result()
    assert (len(none.untried), len(all_.outcomes)) == (10, 10)
