"""Asking for another address, as the tests of it do."""

from subscriptions import consent
from subscriptions.models import Letter, Subscriber

OLD, NEW = "old@example.org", "New.One@example.com"


def ask(reader: Subscriber, new: str = NEW) -> Letter | None:
    """The letter whose link would change the address now, if there is one."""
    consent.ask_for_address(reader.pk, new)
    asked = reader.letters.filter(kind="new_address").exclude(recipient="")
    return asked.first()


def asked(reader: Subscriber, new: str = NEW) -> Letter:
    letter = ask(reader, new)
    assert letter
    return letter
