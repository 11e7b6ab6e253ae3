"""Publish everything stored up to a day, settled or not."""

from typing import Any

from django.core.management.base import CommandParser

from subscriptions import pipeline
from subscriptions.management.report import ReportCommand, a_day


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=a_day, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        header = ["source", "day", "papers"]
        rows = [
            [each.source, each.day, each.papers]
            for each in pipeline.publish_until(options["day"])
        ]
        editions = [dict(zip(header, row, strict=True)) for row in rows]
        self.answer(options, {"editions": editions}, [header, *rows])
