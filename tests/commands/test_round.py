"""`round`, and its stages `compose` and `send`, to a real relay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from subscriptions import consent
from subscriptions.models import Edition, Subscriber
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)
from tests.sending.oracle import Moment, Oracle

from .asking import ask, refusal, said

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING = {"sent": 0, "skipped": 0, "deferred": 0, "failed": 0, "in_doubt": 0}


def a_reader_of(text: str, **fields: Any) -> Subscriber:
    reader = a_reader(**fields)
    a_subscription(reader, text)
    return reader


def a_day() -> None:
    """Two papers of which both sources list one, three readers, two filters."""
    arxiv, hf = an_edition(state="open"), an_edition(source="hf")
    both = a_listing(a_paper(title="Gradient flows"), arxiv).paper
    a_listing(both, hf)
    a_listing(a_paper(title="Protein folding"), hf)
    a_reader_of("gradient", email="one@example.org")
    a_reader_of("gradient", email="two@example.org")
    a_reader_of("hessian", email="six@example.org")


def test_a_round_tells_papers_filters_due_and_what_became_of_each(
    relay: Oracle,
) -> None:
    a_day()
    answer = ask("round", "--day", TUESDAY)
    told = {"sent": 2, "skipped": 1, "deferred": 0, "failed": 0, "in_doubt": 0}
    assert answer == {
        "day": "2026-07-07",
        "papers": 2,
        "filters": 2,
        "due": 3,
        **told,
        "totals": told,
        "problem": "",
    }
    assert sorted(relay.recipients()) == ["one@example.org", "two@example.org"]
    assert not Edition.objects.open().exists()


def test_a_second_round_makes_no_transition_and_tells_the_same_ledger(
    relay: Oracle,
) -> None:
    a_day()
    first = ask("round", "--day", TUESDAY)
    again = ask("round", "--day", TUESDAY)
    assert again == first | NOTHING
    assert len(relay.taken()) == 2


def test_each_end_of_a_mail_is_counted_by_its_name(
    relay_with: Callable[..., Oracle],
) -> None:
    replies = {"later": "450 4.2.1 slowly", "gone": "550 5.1.1 no such user"}

    def script(moment: Moment) -> str | None:
        return replies.get(moment.recipient.split("@")[0] * (moment.stage == "RCPT"))

    relay_with(script)
    a_listing(a_paper(title="Gradient flows"))
    for name in ("fine", "later", "gone"):
        a_reader_of("gradient", email=f"{name}@example.org")
    answer = ask("round", "--day", TUESDAY)
    told = {"sent": 1, "skipped": 0, "deferred": 1, "failed": 1, "in_doubt": 0}
    assert answer["totals"] == told
    assert {name: answer[name] for name in told} == told
    again = ask("round", "--day", TUESDAY)
    assert again["totals"] == told
    assert {name: again[name] for name in told} == NOTHING


def test_a_round_without_readers_has_nothing_due(relay: Oracle) -> None:
    answer = ask("round", "--day", TUESDAY)
    assert (answer["due"], answer["papers"], answer["totals"]) == (0, 0, NOTHING)


def test_a_relay_that_is_down_is_told_after_the_counts(
    relay_with: Callable[..., Oracle],
) -> None:
    relay_with().stop()
    a_day()
    line = refusal("round", "--day", TUESDAY)
    assert line.startswith("Sending stopped: ")
    assert refusal("send").startswith("Sending stopped: ")


def test_without_json_it_is_a_table_of_this_run_and_of_all(relay: Oracle) -> None:
    a_day()
    lines = said("round", "--day", TUESDAY).splitlines()
    assert lines[0].split() == ["papers", "filters", "due", *NOTHING]
    assert lines[1].split() == ["this", "run", "2", "2", "3", "2", "1", "0", "0", "0"]
    assert lines[2].split() == ["in", "all", "2", "1", "0", "0", "0"]


def test_compose_and_send_are_the_same_by_stages(relay: Oracle) -> None:
    a_day()
    ask("publish", "--day", TUESDAY)
    assert ask("compose", "--day", TUESDAY) == {"pending": 2, "skipped": 1}
    assert ask("compose", "--day", TUESDAY) == {"pending": 0, "skipped": 0}
    assert relay.taken() == []
    assert ask("send", "--day", TUESDAY - timedelta(days=1))["sent"] == 0
    assert ask("send", "--day", TUESDAY).items() >= (NOTHING | {"sent": 2}).items()
    assert set(ask("send").values()) == {0}


def test_send_takes_letters_too(relay: Oracle) -> None:
    consent.subscribe("one@example.org", [], consent.Schedule())
    assert ask("send")["sent"] == 1
    assert b"/confirm/" in relay.messages[0]
    assert len(relay.messages) == 1


def test_pause_and_resume_stop_all_sending_and_let_the_rest_go(relay: Oracle) -> None:
    a_day()
    consent.subscribe("new@example.org", [], consent.Schedule())
    paused = ask("round", "--pause")
    assert paused == {"day": None, "paused": True, "changed": True}
    assert ask("round", "--pause")["changed"] is False
    assert ask("send")["sent"] == 0
    line = refusal("round", "--day", TUESDAY)
    assert line == "Sending stopped: All sending paused by the operator"
    assert relay.taken() == []
    assert said("round", "--resume").strip() == "all sending: resumed"
    assert ask("send")["sent"] == 3
    assert said("round", "--resume").strip() == "all sending: was not paused"


def test_pause_with_a_day_stops_the_digests_of_that_day_only(relay: Oracle) -> None:
    a_day()
    consent.subscribe("new@example.org", [], consent.Schedule())
    words = said("round", "--pause", "--day", TUESDAY).strip()
    assert words == "the round of 2026-07-07: paused"
    line = refusal("round", "--day", TUESDAY)
    assert line == "Sending stopped: the round is paused"
    assert ask("send")["sent"] == 1  # the letter
    assert ask("round", "--resume", "--day", TUESDAY)["changed"] is True
    assert ask("send")["sent"] == 2
