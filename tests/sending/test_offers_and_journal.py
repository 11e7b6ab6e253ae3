"""The caller's part: what makes a mail raises, the journal listens, all come back."""

from __future__ import annotations

import time

import pytest

from subscriptions.sending.outcome import Offer
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import Notes, an_offer, outcomes
from .oracle import Do, Moment, Oracle
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)
MAIL = an_outgoing()


def a_relay(url: str, connections: int = 1) -> Relay:
    return Relay(server(url), "[127.0.0.1]", connections, SHORT)


def test_a_mail_that_cannot_be_made_does_not_stop_the_others(tmp_path, caplog):
    def poison() -> bytes:
        raise ValueError("secret@example.org wants *")

    bad = Offer("bad", MAIL.sender, "secret@example.org", poison)
    good = [an_offer(MAIL, n) for n in range(3)]
    notes = Notes()
    with Oracle(tmp_path / "taken.jsonl") as oracle, a_relay(oracle.url) as relay:
        handed = relay.hand_in([good[0], bad, *good[1:]], notes).result()
    assert handed.outcomes["bad"].stage == "rendering"
    assert handed.outcomes["bad"].reply == "it could not be made: ValueError"
    assert notes.of("bad") == ["deferred"]
    assert len(oracle.taken()) == 3
    assert "secret@example.org" not in caplog.text


def test_the_journal_hears_of_a_dot_before_the_relay_does(tmp_path):
    class Slow(Notes):
        def begun(self, key) -> None:
            time.sleep(0.1)
            is_out = any(b"\r\n.\r\n" in read for read in oracle.reads[1])
            self.lines.append(("out" if is_out else "begun", key))

    notes = Slow()
    large = an_outgoing(body=b"0123456789\r\n" * 10_000)
    with Oracle(tmp_path / "taken.jsonl") as oracle, a_relay(oracle.url) as relay:
        relay.hand_in([an_offer(large)], notes).result()
    assert notes.lines == [("begun", 0), ("sent", 0)]


@pytest.mark.parametrize("what", ["begun", "ended"])
def test_what_the_journal_raises_ends_the_call_and_nothing_more_goes_out(
    tmp_path, what
):
    class Full(Notes):
        def begun(self, key) -> None:
            super().begun(key)
            if what == "begun" and key == 2:
                raise OSError("no space left")

        def ended(self, key, outcome) -> None:
            super().ended(key, outcome)
            if what == "ended" and key == 1:
                raise OSError("no space left")

    notes = Full()
    offers = [an_offer(MAIL, n) for n in range(10)]
    with Oracle(tmp_path / "taken.jsonl") as oracle, a_relay(oracle.url) as relay:
        with pytest.raises(OSError, match="no space left"):
            relay.hand_in(offers, notes).result()
        with pytest.raises(OSError, match="no space left"):
            outcomes(relay, MAIL)
        assert len(oracle.taken()) == 2


def test_nothing_that_was_offered_is_forgotten_by_a_relay_of_moods(tmp_path):
    """Every third thing goes wrong in some way; each mail still has its end."""
    moods = [
        *("421 4.3.2 bye", Do.CLOSE, "451 4.3.0 not now", "550 5.1.1 no"),
        *("250 fine", "354 what?", "hm", Do.TAKE_AND_CLOSE),
    ]
    count = 0

    def script(moment: Moment) -> str | Do | None:
        nonlocal count
        count += 1
        if (moment.stage == "MAIL" and count % 2) or count % 3:
            return None
        mood = moods[count // 3 % len(moods)]
        # 5xx to MAIL would be about us, and "250" to DATA ends the oracle's session.
        if moment.stage == "MAIL" and mood == "550 5.1.1 no":
            return None
        return mood

    notes = Notes()
    offers = [an_offer(an_outgoing(message_id=f"<{n}@x>"), n) for n in range(200)]
    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url, 4) as relay,
    ):
        handed = relay.hand_in(offers, notes).result()
        taken = [one.message_id for one in oracle.taken()]
    assert handed.down is None and handed.untried == []
    assert sorted(handed.outcomes) == list(range(200))
    sure = {f"<{n}@x>" for n, one in handed.outcomes.items() if one.kind == "sent"}
    doubt = {f"<{n}@x>" for n, one in handed.outcomes.items() if one.kind == "in_doubt"}
    assert sure <= set(taken) <= sure | doubt
    assert len(taken) == len(set(taken))
    assert all(notes.of(n)[-1] == one.kind for n, one in handed.outcomes.items())
