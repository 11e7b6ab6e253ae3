"""Measure this machine: each figure against a baseline in the same run, in a temporary
database. Nothing of yours is read or written, but by `bench rank` without --file."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from subscriptions import pipeline
from subscriptions.benchmarks import (
    assemble,
    databases,
    match,
    preview,
    rank,
    round,
    scanners,
    search,
    send,
)
from subscriptions.benchmarks.mix import DAY, Mix
from subscriptions.management.report import ReportCommand

# Set for the process that measures: it has the temporary database.
_MEASURES = "PAPER_ROUND_BENCH"
# Filters to preview, drawn from so many of the mix, over so many editions.
_PREVIEWS, _MANY, _DAYS = 200, 20_000, 10
_SIZES = ("papers", "filters", "subscribers", "rounds", "digests", "mails", "processes")
_MEASURED = [
    "assemble",
    "match",
    "preview",
    "rank",
    "round",
    "scanners",
    "search",
    "send",
]
# Where nothing is given: of these, and of the others.
_OTHERWISE = {
    "papers": ({"search": 100_000}, 1000),
    "digests": ({"send": 10_000}, 5000),
    "rounds": ({"send": 5}, 3),
}
_ON_THE_SERVER = {"round", "search", "send"}  # where DATABASE_URL is PostgreSQL
_AS_SERVICE = {"round", "scanners", "send"}
# Of the table of `search`, whose figures are milliseconds and a ratio.
_COLUMNS = {
    "best_ms": "best",
    "best_p95_ms": "p95",
    "newest_ms": "newest",
    "newest_p95_ms": "p95",
    "vs_like": "vs LIKE",
}
# What makes it one that mails readers: with DEBUG it would be another.
_SERVICE = {
    "DEBUG": "false",
    "PUBLIC_URL": "https://papers.example.org",
    "ALLOWED_HOSTS": "papers.example.org",
    "EMAIL_URL": "smtp://127.0.0.1:2525",
    "EMAIL_FROM": "digest@papers.example.org",
    "CONTACT": "papers@example.org",
    "CONTROLLER": "Example Library",
    "POSTAL_ADDRESS": "Example Library, 1 Sample Street, Sampletown",
}


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "what",
            choices=[*_MEASURED],
        )
        sizes = parser.add_argument_group(
            "match, round, search and, of papers a day, preview and scanners",
            "round, search and send measure PostgreSQL where DATABASE_URL is one, else "
            "SQLite; match and preview always SQLite",
        )
        papers = "default: 1,000; of search 100,000"
        sizes.add_argument("--papers", type=int, metavar="N", help=papers)
        sizes.add_argument("--filters", type=int, default=300_000, metavar="N")
        sizes.add_argument("--subscribers", type=int, default=1_000_000, metavar="N")
        rounds = "default: 3; of send 5"
        sizes.add_argument("--rounds", type=int, metavar="N", help=rounds)
        parser.add_argument_group("assemble and send").add_argument(
            "--digests",
            type=int,
            metavar="N",
            help="of each round, and way; default: 5,000; of send 10,000",
        )
        links = parser.add_argument_group("round and scanners")
        links.add_argument("--mails", type=int, default=2000, metavar="N")
        links.add_argument(
            "--processes",
            type=int,
            default=min(os.cpu_count() or 1, 4),
            metavar="N",
            help="senders, or web servers asked by one connection each "
            "(default %(default)s)",
        )
        parser.add_argument_group("rank").add_argument(
            "--file",
            nargs="+",
            type=Path,
            metavar="PATH",
            help="days to rank, as ingest takes them, instead of those stored here",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        what = options["what"]
        for name, (of_some, of_others) in _OTHERWISE.items():
            if options[name] is None:
                options[name] = of_some.get(what, of_others)
        for name in _SIZES:
            if options[name] < 1:
                raise CommandError(f"--{name} takes a number from 1 up.")
        own_days = what == "rank" and not options["file"]
        if _MEASURES not in os.environ and not own_days:
            self._measure_apart(options)
            return
        if not own_days:
            call_command("migrate", verbosity=0)
        if what == "rank":
            figures = self._rank(options["file"] or ())
        elif what == "assemble":
            figures = assemble.measure(options["digests"], options["rounds"])
        elif what == "preview":
            figures = self._preview(options["papers"])
        elif what == "round":
            figures = self._round(options)
        elif what == "scanners":
            names = ("mails", "papers", "processes")
            sizes = {name: options[name] for name in names}
            figures = scanners.measure(**sizes, say=self.stderr.write)
        elif what == "send":
            figures = self._send(options["digests"], options["rounds"])
        elif what == "search":
            figures = search.measure(
                options["papers"], options["rounds"], self.stderr.write
            )
        else:
            sizes = {name: options[name] for name in _SIZES[:4]}
            figures = match.measure(**sizes, say=self.stderr.write)
        figures = _rounded(figures)
        rows = _by_kind if what == "search" else _one_by_one
        self.answer(options, figures, rows(figures))

    def _round(self, options: dict[str, Any]) -> dict[str, Any]:
        names = ("subscribers", "filters", "papers", "processes")
        sizes = {name: options[name] for name in names}
        try:
            return round.measure(**sizes, say=self.stderr.write)
        except round.Stopped as error:
            raise CommandError(f"{error}; see above.") from error

    def _preview(self, papers: int) -> dict[str, Any]:
        mix = Mix()
        documents = (
            document
            for number in range(_DAYS)
            for document in mix.papers(
                papers, DAY - timedelta(number), first=1 + number * papers
            )
        )
        filters = mix.filters(_MANY)[:: _MANY // _PREVIEWS]
        return preview.measure(filters, documents)

    def _send(self, digests: int, rounds: int) -> dict[str, Any]:
        try:
            return send.measure(digests, rounds, self.stderr.write)
        except (send.Failed, send.Unlike) as error:
            raise CommandError(str(error)) from error

    def _rank(self, files: Iterable[Path]) -> dict[str, Any]:
        for path in files:
            pipeline.ingest_file(path)
        if files:
            pipeline.publish_until(date.max)
        figures = rank.measure()
        if not figures["days"]:
            raise CommandError(
                "There is no day with an edition of both Hugging Face and arXiv; give "
                "some with --file."
            )
        return figures

    def _measure_apart(self, options: dict[str, Any]) -> None:
        try:
            if options["what"] == "send":
                send.require_tools()
            with TemporaryDirectory(prefix="paper-round-bench-") as folder:
                as_here = options["what"] in _ON_THE_SERVER
                with databases.temporary(Path(folder), as_here) as url:
                    self._measure_in(folder, url, options)
        except send.NoTools as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            (why, *_) = str(error).splitlines() or [""]
            raise CommandError(
                f"No database could be made to measure in ({why}). Give "
                "the user of DATABASE_URL the right CREATEDB, or measure on SQLite: "
                "DATABASE_URL=sqlite:///bench.sqlite3"
            ) from error

    def _measure_in(self, folder: str, url: str, options: dict[str, Any]) -> None:
        environment = os.environ | {
            _MEASURES: "1",
            "ENV_FILE": "",
            "DEBUG": "true",
            "VAR_DIR": folder,
            "DATABASE_URL": url,
        }
        if options["what"] in _AS_SERVICE:
            environment |= _SERVICE
        elif options["what"] == "assemble":  # signing is a figure of its own there
            environment |= {name: "" for name in environment if name[:5] == "DKIM_"}
        words: list[str | Path] = [sys.executable, settings.BASE_DIR / "manage.py"]
        words += ["bench", options["what"]]
        words += [f"--{name}={options[name]}" for name in _SIZES]
        words += ["--json"] * options["json"]
        if options["file"]:
            words += ["--file", *(path.resolve() for path in options["file"])]
        done = subprocess.run(  # noqa: S603 - this command itself
            words, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        self.stdout.write(done.stdout, ending="")
        if done.returncode:
            raise CommandError("The measuring stopped; see above.")


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: _shortened(value) for name, value in figures.items()}


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return _rounded(value)
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _one_by_one(figures: dict[str, Any]) -> Sequence[Sequence[object]]:
    return [["figure", "value"], *figures.items()]


def _by_kind(figures: dict[str, Any]) -> Sequence[Sequence[object]]:
    """A line for each kind of query, below what is asked."""
    found = f"found of {figures['papers']:,}"
    return [
        [f"ms, {figures['engine']}", found, *_COLUMNS.values()],
        *(
            [kind, each["found"], *(each.get(name, "") for name in _COLUMNS)]
            for kind, each in figures["kinds"].items()
        ),
    ]
