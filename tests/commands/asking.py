"""Commands as an operator or a script calls them."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def ask(command: str, *given: object) -> Any:
    """What the command answers with --json."""
    out = StringIO()
    call_command(command, *map(str, given), "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def said(command: str, *given: object) -> str:
    """What the command prints."""
    out = StringIO()
    call_command(command, *map(str, given), stdout=out, stderr=StringIO())
    return out.getvalue()


def refusal(command: str, *given: object) -> str:
    """The one line by which the command refuses. Anything but a CommandError would
    be a traceback for the operator."""
    with pytest.raises(CommandError) as refused:
        said(command, *given)
    line = str(refused.value)
    assert line and "\n" not in line
    return line
