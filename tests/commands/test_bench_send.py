"""`bench send`: every way from the ledger to a sink once, small; and its own parts."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from django.db import connection

from subscriptions.benchmarks import databases
from subscriptions.benchmarks.send import Failed, NoTools, Unlike, children, seeding
from subscriptions.benchmarks.send.latency import far_away
from subscriptions.benchmarks.send.machine import key, signs_per_s
from subscriptions.benchmarks.send.measuring import check
from subscriptions.benchmarks.send.sinks import require_tools, sinks
from subscriptions.models import Delivery, Subscription

from .asking import ask, refusal
from .test_bench import is_left

MESSAGE = b"Subject: hello\r\n\r\n.. a dot.\r\n"
ENVELOPE = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"


@pytest.fixture
def tools() -> None:
    try:
        require_tools()
    except NoTools as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.mark.postgresql  # half a minute of starting programs: one engine is enough
@pytest.mark.usefixtures("tools")
@pytest.mark.django_db(transaction=True)
def test_send_measures_every_way_in_a_database_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On PostgreSQL one is made beside that of the tests, and dropped."""
    monkeypatch.setattr(databases, "token_hex", lambda octets: "of_send")
    figures = ask("bench", "send", "--digests=6", "--rounds=1")
    ratios = {
        "vs_smtp_source_1core",
        "vs_smtp_source_2core",
        "vs_smtp_source_dkim_1core",
        "vs_smtp_source_dkim_2core",
        "vs_django_loop_dkim",
        "ledger_vs_orm",
        "latency_100ms_fraction",
        "others_rate_with_a_domain_at_421",
        "peak_rss_mb",
        "ledger_ms",
        "fsync_ms",
        "signs_per_s",
        "dkim_2core_cpu_ms",
    }
    assert ratios <= figures.keys()
    assert all(figures[name] > 0 for name in ratios)
    assert figures["latency_100ms_fraction"] < 1
    assert 60_000 < figures["digest_octets"] < 80_000
    assert (figures["digests"], figures["django_loop_mails"]) == (6, 6)
    assert figures["database"].split()[0] == connection.display_name
    assert not Delivery.objects.exists()
    assert not is_left("of_send")


def test_send_without_postfix_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMTP_TOOLS", str(tmp_path))
    said = refusal("bench", "send", "--digests=1")
    assert said.startswith("smtp-sink is needed, of Debian's package postfix")
    assert str(tmp_path) in said


@pytest.mark.django_db(transaction=True)  # PostgreSQL tidies up outside of one
def test_digests_that_were_not_sent_stop_the_measuring() -> None:
    seeding.readers(3)
    day = next(seeding.days())
    seeding.compose(day)
    with pytest.raises(Failed, match="of 3 digests 3 were not sent"):
        check(day, 3)
    Delivery.objects.update(state=Delivery.State.SENT)
    check(day, 3)
    with pytest.raises(Failed, match="2 told of"):
        check(day, 2)


@pytest.mark.django_db(transaction=True)  # PostgreSQL tidies up outside of one
def test_a_reader_without_a_digest_stops_the_measuring() -> None:
    seeding.readers(3)
    reader = Subscription.objects.order_by("pk")[0].subscriber_id
    Subscription.objects.filter(subscriber_id=reader).update(enabled=False)
    with pytest.raises(Unlike, match="2 digests were composed for 3 readers"):
        seeding.compose(next(seeding.days()))


@pytest.mark.django_db(transaction=True)  # PostgreSQL tidies up outside of one
def test_each_due_date_has_a_full_digest_for_every_reader() -> None:
    seeding.readers(4)
    days = seeding.days()
    for _ in range(2):
        seeding.compose(day := next(days))
        due = Delivery.objects.filter(due_date=day)
        assert [len(each.picks) for each in due] == [seeding.PAPERS] * 4
        due.update(state=Delivery.State.SENT)
    papers = [{each["paper"] for each in d.picks} for d in Delivery.objects.all()]
    assert len(set(map(frozenset, papers))) > 4  # not the same for everybody


def test_a_sender_that_does_not_start_stops_the_measuring() -> None:
    with pytest.raises(Failed, match="did not start"):
        children.together([children.Child("nobody", (), {})], children.Cores())


@pytest.mark.usefixtures("tools")
def test_a_sink_that_ends_too_early_stops_the_measuring() -> None:
    with pytest.raises(Failed, match="smtp-sink ended too early"), sinks(1, None):
        (ours,) = sinks_running()
        os.kill(ours, signal.SIGTERM)
        time.sleep(0.5)


def sinks_running() -> list[int]:
    """The sinks that this process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = path.read_text().partition(") ")
            if int(rest.split()[1]) == os.getpid() and name.endswith("(smtp-sink"):
                found.append(int(path.parent.name))
    return found


def test_a_group_of_commands_is_answered_at_once_and_late() -> None:
    with far_away(0.05, None) as far:
        with socket.create_connection(("127.0.0.1", far.port), timeout=30) as client:
            assert client.recv(1000).startswith(b"220 ")
            client.sendall(b"EHLO here.example.org\r\n")
            assert b"250-PIPELINING\r\n" in client.recv(1000)
            begin = time.monotonic()
            client.sendall(ENVELOPE)
            answers = client.recv(1000).split(b"\r\n")
            assert time.monotonic() - begin >= 0.05
            assert [each[:3] for each in answers[:-1]] == [b"250", b"250", b"354"]
            client.sendall(MESSAGE)
            time.sleep(0.1)
            assert far.mails == 0  # its last line is not here yet
            client.sendall(b".\r\n" + ENVELOPE)
            answers = client.recv(1000).split(b"\r\n")
            assert [each[:3] for each in answers[:-1]] == [b"250"] * 3 + [b"354"]
            client.sendall(MESSAGE + b".\r\nQUIT\r\n")
            assert client.recv(1000).split(b"\r\n")[-2].startswith(b"221")
            assert client.recv(1000) == b""
        assert (far.mails, far.most) == (2, 1)
        assert far.per_s > 0


def test_without_openssl_the_signatures_are_counted_by_our_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    signs, by = signs_per_s(key(tmp_path))
    assert by == "cryptography"
    assert signs > 100
