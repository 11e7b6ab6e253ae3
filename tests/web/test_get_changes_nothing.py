"""GET and HEAD change no row: scanners open every link of every mail."""

import pytest
from django.test import Client

from .world import a_world, checksum

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_no_page_changes_a_row(client: Client, method: str) -> None:
    world = a_world()
    before = checksum()
    for at in world.pages().values():
        getattr(client, method)(at)
        getattr(client, method)(at, headers={"sec-purpose": "prefetch"})
        getattr(client, method)(at, {"action": "unsubscribe", "confirm": "true"})
    assert checksum() == before


def test_the_checksum_sees_a_changed_row() -> None:
    world = a_world()
    before = checksum()
    world.active.hour = 9
    world.active.save()
    assert checksum() != before
