"""How commands answer: a short table, or JSON with --json."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import date
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Table


def a_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a day; write it like 2026-07-06"
        raise ArgumentTypeError(message) from error


class ReportCommand(BaseCommand):
    """A command with --json whose `handle` ends in `self.answer(...)`."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def answer(
        self, options: dict[str, Any], data: Any, rows: Sequence[Sequence[object]]
    ) -> None:
        """Print `data` as JSON, or `rows` as a table, its first row the header."""
        if options["json"]:
            self.stdout.write(json.dumps(data, default=str, ensure_ascii=False))
            return
        header, *body = rows
        table = Table(*[str(name) for name in header], box=None, pad_edge=False)
        for row in body:
            table.add_row(*[str(cell) for cell in row])
        out = cast(IO[str], self.stdout)
        console = Console(file=out, soft_wrap=True, markup=False)
        console.print(table)
