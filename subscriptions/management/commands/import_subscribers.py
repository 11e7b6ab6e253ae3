"""Take over readers from a CSV: address,filters,zone,hour,confirmed_at."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import pipeline
from subscriptions.management.report import ReportCommand


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("csv", type=Path)
        parser.add_argument(
            "--update",
            action="store_true",
            help="give known, active readers the filters and hours of the file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["csv"].open(
                encoding="utf-8-sig", errors="surrogateescape", newline=""
            ) as lines:
                done = pipeline.import_subscribers(lines, options["update"])
        except (OSError, pipeline.BadLine) as error:
            raise CommandError(f"{options['csv']}: {error}") from error
        counts = {
            "imported": done.imported,
            "pending": done.pending,
            "updated": done.updated,
            "skipped": len(done.skipped),
            "rejected": len(done.rejected),
        }
        lines_ = [{"line": line, "reason": why} for line, why in done.rejected]
        data = counts | {"lines": lines_, "skipped_lines": done.skipped}
        self.answer(options, data, [list(counts), list(counts.values())])
        for line in done.skipped:
            self.stderr.write(f"line {line}: skipped, the address is known or gone")
        for line, why in done.rejected:
            self.stderr.write(f"line {line}: {why}")
        if done.rejected:
            raise CommandError(f"{len(done.rejected)} lines were not taken.")
