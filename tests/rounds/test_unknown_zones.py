"""A zone that this machine does not know, as after an upgrade that moved old names to
a package of their own, costs its reader the right hour and nobody a digest."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from subscriptions import pipeline, rounds
from subscriptions.models.readers import zone_of
from subscriptions.pipeline.letters import outgoing_letters
from tests.factories import a_listing, a_paper, a_reader, a_subscription, an_edition
from tests.pipeline.digests import at

pytestmark = pytest.mark.django_db
OLD_NAME = "Asia/Calcutta"
KEPT = ["UTC", "America/New_York"]


@pytest.fixture(autouse=True)
def new_names_alone(tmp_path: Path) -> Iterator[None]:
    """As on a system that has these zones and no other."""
    system = zoneinfo.TZPATH
    (folder,) = [Path(each) for each in system if (Path(each) / KEPT[0]).is_file()][:1]
    for name in KEPT:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    forget(tmp_path)
    yield
    forget(*map(Path, system))


def forget(*path: Path) -> None:
    zoneinfo.reset_tzpath(to=[str(each) for each in path])
    zoneinfo.ZoneInfo.clear_cache()
    rounds.instant.cache_clear()
    zone_of.cache_clear()


def test_everybody_gets_their_digest_its_reader_at_their_hour_in_utc() -> None:
    a_listing(a_paper(title="Gradient flows"), an_edition())
    readers = [a_reader(zone="UTC"), a_reader(zone=OLD_NAME)]
    for reader in readers:
        a_subscription(reader, "in:arxiv gradient")
    pipeline.compose(at("2026-07-07T08:00"))
    assert [reader.deliveries.get().state for reader in readers] == ["pending"] * 2
    for reader in readers:
        assert "Gradient flows" in pipeline.web_copy(reader.deliveries.get().pk).text


def test_their_letters_are_made_too() -> None:
    reader = a_reader(zone=OLD_NAME, awaits_first_digest=True)
    pipeline.compose(at("2026-07-07T09:30"))
    (welcome,) = outgoing_letters([reader.letters.get().pk]).values()
    assert b"You are on the round" in welcome.message()
