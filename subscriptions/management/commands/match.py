"""Hold a filter against all stored papers, or the newest edition days with --days."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import matching
from subscriptions.management.report import ReportCommand
from subscriptions.models import Paper


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("query")
        parser.add_argument("--days", type=int, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] is not None and options["days"] < 1:
            raise CommandError("--days takes a number from 1 up.")
        try:
            query = matching.parse(options["query"])
        except matching.FilterError as error:
            raise CommandError(str(error)) from error
        found = matching.search(query, days=options["days"]).found
        papers = Paper.objects.in_bulk([each.paper for each in found])
        rows = [["id", "title", "words"]]
        shown = []
        for each in found:
            paper = papers[each.paper]
            words = list(each.words)
            shown.append({"id": paper.arxiv_id, "title": paper.title, "words": words})
            rows.append([paper.arxiv_id, paper.title, ", ".join(words)])
        self.answer(options, {"papers": shown}, rows)
        if not options["json"]:
            self.stdout.write(f"{len(found)} papers")
