"""Every reader and the filters they have on, as a CSV that import_subscribers takes."""

import csv
import sys
from typing import Any

from django.db.models import Prefetch

from subscriptions.management.report import ReportCommand
from subscriptions.models import Subscriber, Subscription
from subscriptions.pipeline.importing import EXPORTED


class Command(ReportCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        readers = Subscriber.objects.order_by("pk").prefetch_related(
            Prefetch(
                "subscriptions",
                Subscription.objects.filter(enabled=True).select_related("filter"),
            )
        )
        rows = (
            [
                reader.email,
                "|".join(_text(each) for each in reader.subscriptions.all()),
                reader.zone,
                reader.hour,
                reader.confirmed_at.isoformat() if reader.confirmed_at else "",
                reader.state,
            ]
            for reader in readers.iterator(chunk_size=2000)
        )
        if options["json"]:
            data = [dict(zip(EXPORTED, row, strict=True)) for row in rows]
            self.answer(options, {"subscribers": data}, [])
            return
        out = csv.writer(self.stdout if self.stdout else sys.stdout)
        out.writerow(EXPORTED)
        out.writerows(rows)


def _text(subscription: Subscription) -> str:
    """The filter as written; in canonical form where what was written has a `|`, or
    begins as what a spreadsheet takes for a formula and works out."""
    written = subscription.text
    is_other = "|" in written or written[:1] in "=+-@"
    return subscription.filter.text if is_other else written
