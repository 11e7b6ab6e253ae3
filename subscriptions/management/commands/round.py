"""All stages for a due date (today in HOME_ZONE); a second run sends nothing twice."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from subscriptions import checks, pipeline
from subscriptions.management.report import ReportCommand, a_day


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=a_day)

    def handle(self, *args: Any, **options: Any) -> None:
        checks.refuse_to_mail()
        today = timezone.now().astimezone(settings.HOME_ZONE).date()
        report = asdict(pipeline.run(options["day"] or today))
        totals = report["totals"]
        names = [name for name in report if name not in {"day", "totals", "problem"}]
        rows = [
            ["", *names],
            ["this run", *[report[name] for name in names]],
            ["in all", "", "", "", *[totals.get(name, "") for name in names[3:]]],
        ]
        self.answer(options, report, rows)
        if report["problem"]:
            raise CommandError(f"Sending stopped: {report['problem']}")
