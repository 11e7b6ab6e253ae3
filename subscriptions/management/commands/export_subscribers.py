"""Every reader as CSV, in the columns that import_subscribers takes, and the state."""

import csv
import sys
from typing import Any

from subscriptions.management.report import ReportCommand
from subscriptions.models import Subscriber

COLUMNS = ["address", "filters", "zone", "hour", "confirmed_at", "state"]


class Command(ReportCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        readers = Subscriber.objects.order_by("pk").prefetch_related("subscriptions")
        rows = (
            [
                reader.email,
                "|".join(each.text for each in reader.subscriptions.all()),
                reader.zone,
                reader.hour,
                reader.confirmed_at.isoformat() if reader.confirmed_at else "",
                reader.state,
            ]
            for reader in readers.iterator(chunk_size=2000)
        )
        if options["json"]:
            data = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
            self.answer(options, {"subscribers": data}, [])
            return
        out = csv.writer(self.stdout if self.stdout else sys.stdout)
        out.writerow(COLUMNS)
        out.writerows(rows)
