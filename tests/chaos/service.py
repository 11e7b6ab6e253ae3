"""A world whose mails go out by a mail service: not a trial, which mails nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sending.mail_service import MAILGUN, Answer, Call, MailService

from .world import World, around

IN_EARNEST = {
    "DEBUG": "false",
    "SECRET_KEY": "one key for all the senders of a test, as long as it has to be",
    "PUBLIC_URL": "https://papers.example.org",
    "EMAIL_FROM": "digest@papers.example.org",
    "POSTAL_ADDRESS": "Example Library, 1 Sample Street",
    "CONTROLLER": "Example Library",
    "CONTACT": "papers@example.org",
    "CANARY": "0",
}


@contextmanager
def world_by_service(
    kind: str, folder: Path, script: Callable[[Call], Answer]
) -> Iterator[World]:
    with MailService(folder / "taken.jsonl", script) as service:
        anymail = ",".join(f"{name}={is_}" for name, is_ in service.settings.items())
        given = {"EMAIL_URL": f"backend:{MAILGUN}", "ANYMAIL": anymail}
        with around(service, kind, folder, IN_EARNEST | given) as here:
            yield here
