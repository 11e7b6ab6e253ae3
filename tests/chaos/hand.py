"""What readers and operators do meanwhile, in a process of its own:
`python -m tests.chaos.hand` takes a line each, answers with the time it was done.

unsubscribe ADDRESS | pause | resume | day FILE (ingest the next day)
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
    django.setup()

    from django.db import connection

    from subscriptions import consent, pipeline
    from subscriptions.models import Subscriber

    def do(what: str, about: str) -> None:
        if what == "unsubscribe":
            consent.unsubscribe(Subscriber.objects.at(about).get().pk, "one-click")
        elif what == "day":
            pipeline.ingest_file(Path(about))
        elif what == "pause":
            pipeline.pause(datetime.now(UTC))
        elif what == "resume":
            pipeline.resume(datetime.now(UTC))

    for line in sys.stdin:
        what, _, about = line.strip().partition(" ")
        for attempt in range(5):
            try:
                do(what, about)
                break
            except django.db.Error:  # a connection that chaos cut
                connection.close()
                if attempt == 4:
                    raise
        print(time.time(), flush=True)


if __name__ == "__main__":
    main()
