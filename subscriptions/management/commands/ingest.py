"""Fill editions from the sources or from files, and leave them open."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import pipeline
from subscriptions.management.report import ReportCommand, a_day
from subscriptions.models import Source


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=a_day, help="default: each source's newest")
        parser.add_argument("--to", type=a_day, help="with --day: the last of the days")
        parser.add_argument("--source", choices=[Source.HF.value, Source.ARXIV.value])
        parser.add_argument("--file", type=Path, nargs="+", metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        day, to, source = options["day"], options["to"], options["source"]
        if to and (not day or to < day):
            raise CommandError("--to takes a day that is not before --day.")
        if options["file"]:
            missing = [str(path) for path in options["file"] if not path.is_file()]
            if missing:
                raise CommandError(f"No such file: {', '.join(missing)}.")
            results = [
                pipeline.ingest_file(path, day, source) for path in options["file"]
            ]
        else:
            results = pipeline.ingest(day, to, source)
        names = ("new", "updated", "rejected", "listed")
        # A paper that two files or two sources offer is one.
        total = {"seen": len({one for each in results for one in each.ids})}
        total |= {name: sum(getattr(each, name) for each in results) for name in names}
        reasons = [reason for each in results for reason in each.reasons]
        days = sorted({str(each) for result in results for each in result.days})
        data = total | {"days": days, "reasons": reasons}
        self.answer(options, data, [list(total), list(total.values())])
        if not options["json"]:
            for reason in reasons:
                self.stderr.write(reason)
