"""Write the deliveries that are due now, or all of a due date with --day."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from subscriptions import pipeline
from subscriptions.management.report import ReportCommand, a_day


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=a_day)

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["day"]
        done = pipeline.compose_day(day) if day else pipeline.compose(timezone.now())
        data = {"pending": done.pending, "skipped": done.skipped}
        self.answer(options, data, [list(data), list(data.values())])
