"""The doorbells: each does its stage, and none minds a broker that is dead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from digest_site.schedule import TIMETABLE
from subscriptions import consent, tasks
from subscriptions.models import Delivery, Edition, Letter, Round, Subscriber
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)
from tests.ingestion.invented import an_hf_item, an_rss_feed, an_rss_item
from tests.ingestion.stub_source import StubSource
from tests.sending.oracle import Oracle

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """It is Tuesday noon."""
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def rung(name: str) -> int:
    """How many bells for this task hang at the broker; they are taken down."""
    queue = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])
    named = f"subscriptions.tasks.{name}".encode()
    bells = [path for path in queue.glob("*.msg") if named in path.read_bytes()]
    for path in bells:
        path.unlink()
    return len(bells)


@pytest.fixture(autouse=True)
def silence() -> None:
    for name in ("tick", "send", "ingest", "forget", "remind"):
        rung(name)


def test_every_bell_of_the_timetable_is_a_task_and_expires() -> None:
    for entry in TIMETABLE.values():
        task: Any = import_string(str(entry["task"]))
        assert task.name == entry["task"]
        assert task.expires


def test_ingest_asks_every_source(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    stub.hf[TUESDAY] = [an_hf_item("2607.00001", TUESDAY)]
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00002")])
    tasks.ingest()
    assert set(Edition.objects.values_list("source", flat=True)) == {"hf", "arxiv"}


def test_tick_publishes_composes_closes_and_rings_for_the_sender(
    clock: time_machine.Coordinates,
) -> None:
    a_listing(a_paper(title="Gradient flows"), an_edition(state="open"))
    reader = a_reader(hour=12)
    a_subscription(reader, "in:arxiv gradient")
    Round.objects.create(due_date=TUESDAY - timedelta(days=5))
    tasks.tick()
    assert Edition.objects.get().state == "published"
    assert reader.deliveries.get().due_date == TUESDAY
    assert Round.objects.get(due_date=date(2026, 7, 2)).state == "complete"
    assert (rung("send"), rung("tick")) == (1, 0)


def test_a_second_tick_changes_nothing(clock: time_machine.Coordinates) -> None:
    a_listing(a_paper(title="Gradient flows"))
    a_subscription(a_reader(hour=12), "in:arxiv gradient")
    tasks.tick()
    before = list(Delivery.objects.values())
    tasks.tick()
    assert list(Delivery.objects.values()) == before
    assert len(before) == 1


def test_a_tick_that_cannot_compose_rings_for_the_sender_all_the_same(
    clock: time_machine.Coordinates,
) -> None:
    """Else letters, and digests written before, would wait until it is mended."""
    a_listing(a_paper(title="Gradient flows"))
    a_subscription(a_reader(hour=12, covered=["no", "coverage"]), "in:arxiv gradient")
    with pytest.raises(AttributeError):
        tasks.tick()
    assert rung("send") == 1


def test_a_tick_that_ran_out_of_time_rings_its_successor(
    clock: time_machine.Coordinates, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.COMPOSE_SLICE = 1
    monkeypatch.setattr(tasks, "SHIFT", -1.0)
    a_listing(a_paper(title="Gradient flows"))
    for _ in range(3):
        a_subscription(a_reader(hour=12), "in:arxiv gradient")
    counts = []
    for _ in range(4):
        tasks.tick()
        counts.append((Delivery.objects.count(), rung("tick")))
    assert counts[:2] == [(1, 1), (2, 1)]
    assert counts[-1] == (3, 0)


def test_send_hands_over_letters_and_digests(relay: Oracle) -> None:
    a_listing(a_paper(title="Gradient flows"))
    a_subscription(a_reader(email="one@example.org", hour=12), "in:arxiv gradient")
    with time_machine.travel(NOON, tick=False):
        tasks.tick()
    # The ledger goes by the database's clock, where July is long past.
    Delivery.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    consent.subscribe("two@example.org", [], consent.Schedule())
    tasks.send()
    assert relay.recipients() == ["two@example.org", "one@example.org"]
    tasks.send()
    assert len(relay.taken()) == 2


def test_send_minds_no_relay_that_is_down(relay: Oracle) -> None:
    relay.stop()
    consent.subscribe("two@example.org", [], consent.Schedule())
    tasks.send()
    assert Subscriber.objects.get().letters.get().state == "pending"


def test_forget_drops_sign_ups_and_digests_that_had_their_time(
    clock: time_machine.Coordinates,
) -> None:
    a_listing(a_paper(title="Gradient flows"))
    reader = a_reader(hour=12)
    a_subscription(reader, "in:arxiv gradient")
    tasks.tick()
    reader.deliveries.update(state="sent")
    consent.subscribe("two@example.org", [], consent.Schedule())
    Letter.objects.update(state="sent")
    tasks.forget()
    assert Subscriber.objects.count() == 2
    assert reader.deliveries.get().picks
    clock.shift(timedelta(days=92))
    tasks.forget()
    assert list(Subscriber.objects.all()) == [reader]
    delivery = reader.deliveries.get()
    assert (delivery.picks, delivery.filters, delivery.state) == ([], [], "sent")


def test_remind_writes_what_time_brings_once(clock: time_machine.Coordinates) -> None:
    reader = a_reader()
    clock.shift(timedelta(days=366))
    for _ in range(3):
        tasks.remind()
    assert [letter.kind for letter in reader.letters.all()] == ["still_useful"]


def test_a_ring_asks_for_work_now() -> None:
    tasks.ring(tasks.send)
    assert rung("send") == 1


@pytest.mark.parametrize("kind", ["redis", "filesystem"])
def test_a_ring_with_a_dead_broker_raises_nothing(kind: str, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    broker = {"redis": f"redis://127.0.0.1:{port}/0", "filesystem": "filesystem://"}
    script = (
        "import digest_site.celery, django, shutil; django.setup()\n"
        "from django.conf import settings\n"
        "shutil.rmtree(settings.VAR_DIR / 'broker', ignore_errors=True)\n"
        "(settings.VAR_DIR / 'broker').touch()\n"
        "from subscriptions import tasks\n"
        "tasks.ring(tasks.send); print('on it goes')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(tmp_path), "CELERY_BROKER_URL": broker[kind]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("on it goes\n", "")
