"""All stages for a due date (today in HOME_ZONE); a second run sends nothing twice."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from subscriptions import checks, pipeline
from subscriptions.management.report import ReportCommand, a_day


class Command(ReportCommand):
    help = (
        f"{__doc__} Or, with --pause and --resume, stop what is not sent yet and let"
        " it go on: the digests of --day, without it all mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=a_day)
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--pause", action="store_true", help="send nothing more")
        instead.add_argument("--resume", action="store_true", help="send the rest")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pause"] or options["resume"]:
            self._set_paused(options)
        else:
            self._run(options)

    def _set_paused(self, options: dict[str, Any]) -> None:
        change = pipeline.pause if options["pause"] else pipeline.resume
        changed = change(timezone.now(), options["day"])
        data = {
            "day": options["day"],
            "paused": bool(options["pause"]),
            "changed": changed,
        }
        what = f"the round of {options['day']}" if options["day"] else "all sending"
        state = "paused" if options["pause"] else "resumed"
        if not changed:
            state = "already paused" if options["pause"] else "was not paused"
        self.answer(options, data, [[f"{what}: {state}"]])

    def _run(self, options: dict[str, Any]) -> None:
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
