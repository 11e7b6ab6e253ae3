"""Why a reader did or did not get a paper."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import pipeline
from subscriptions.management.report import ReportCommand
from subscriptions.models import Subscriber


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("address")
        parser.add_argument("arxiv_id")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            told = pipeline.explain(address, options["arxiv_id"])
        except Subscriber.DoesNotExist as error:
            raise CommandError(f"No reader has the address {address}.") from error
        rows = [["filter", "matches", "because"]]
        for each in told.filters:
            because = ", ".join(each.words) if each.matches else each.why_not
            state = "yes" if each.matches else "no"
            rows.append([each.name, state if each.enabled else "off", because])
        if not options["json"]:
            self.stdout.write(f"{told.verdict}: {told.reason}")
        self.answer(options, asdict(told), rows)
