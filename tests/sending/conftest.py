"""A relay that tests of whole runs send to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .mail_service import MAILGUN, MailService
from .oracle import Oracle
from .rows import backend, server


@pytest.fixture
def relay_with(settings: Any, tmp_path: Path) -> Iterator[Callable[..., Oracle]]:
    """Start an Oracle with this script and point the settings to it.

    One connection, so that mails go in order; a test that wants more says so.
    """
    settings.VAR_DIR = tmp_path
    settings.SMTP_CONNECTIONS = 1
    with ExitStack() as stack:

        def start(*script: Any, **options: Any) -> Oracle:
            relay = Oracle(tmp_path / "taken.jsonl", *script, **options)
            settings.EMAIL_SERVER = server(relay.url)
            return stack.enter_context(relay)

        yield start


@pytest.fixture
def relay(relay_with: Callable[..., Oracle]) -> Oracle:
    """A relay that takes everything."""
    return relay_with()


@pytest.fixture
def service_with(settings: Any, tmp_path: Path) -> Iterator[Callable[..., MailService]]:
    """Start a MailService with this script and have mail go there instead of a relay.

    One call at a time, so that mails go in order; a test that wants more says so.
    """
    settings.VAR_DIR = tmp_path
    settings.SMTP_CONNECTIONS = 1
    settings.EMAIL_FROM = "digest@papers.example.org"
    with ExitStack() as stack:

        def start(*script: Any, **options: Any) -> MailService:
            service = MailService(tmp_path / "taken.jsonl", *script, **options)
            settings.EMAIL_SERVER = backend(MAILGUN)
            settings.ANYMAIL = service.settings | {"REQUESTS_TIMEOUT": 1}
            return stack.enter_context(service)

        yield start
