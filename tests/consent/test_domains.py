"""A reader's domain: where mail for the address goes, in the form DNS knows."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps

from subscriptions import consent
from subscriptions.models import Letter, Subscriber
from subscriptions.models.readers import domain_of
from tests.factories import a_reader

migration = importlib.import_module("subscriptions.migrations.0007_ledger")


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Ada@Example.ORG", "example.org"),
        (" ada@example.org ", "example.org"),
        ("leser@B\u00fccher.example", "xn--bcher-kva.example"),
        ("ada@-\u2024.example", ""),
    ],
)
def test_the_domain_is_in_lower_case_and_ascii(address: str, domain: str) -> None:
    assert domain_of(address) == domain


@pytest.mark.django_db
def test_signing_up_writes_it() -> None:
    consent.subscribe("Ada@Example.org", [], consent.Schedule())
    assert Subscriber.objects.get().domain == "example.org"


@pytest.mark.django_db
def test_moving_to_another_address_changes_it() -> None:
    reader = a_reader()
    consent.ask_for_address(reader.pk, "ada@another.example")
    consent.change_address(Letter.objects.get(kind=Letter.Kind.NEW_ADDRESS).pk)
    reader.refresh_from_db()
    assert reader.domain == "another.example"


@pytest.mark.django_db
def test_readers_from_before_get_theirs() -> None:
    readers = [a_reader(), a_reader(email="leser@b\u00fccher.example")]
    Subscriber.objects.update(domain="")
    migration.fill_domains(apps, None)
    for reader in readers:
        reader.refresh_from_db()
        assert reader.domain == domain_of(reader.email)
