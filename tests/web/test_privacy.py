"""The privacy page says what this installation's settings say."""

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_it_names_who_is_responsible(client: Client, settings: Settings) -> None:
    settings.CONTROLLER = "Institute of Samples"
    settings.CONTACT = "privacy@example.org"
    settings.POSTAL_ADDRESS = "1 Sample Street"
    html = client.get("/privacy").content.decode()
    assert "Institute of Samples, privacy@example.org<br>1 Sample Street" in html


def test_without_a_controller_it_says_that_this_is_a_trial(
    client: Client, settings: Settings
) -> None:
    settings.CONTROLLER = ""
    assert "fit for a trial only" in client.get("/privacy").content.decode()


def test_every_form_for_an_address_leads_to_it(client: Client) -> None:
    for at in ("/", "/subscribe", "/me/"):
        assert 'href="/privacy"' in client.get(at).content.decode()
