"""Take what came back: mails in files ("-": from a pipe), the mailbox, or by SMTP."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from subscriptions import pipeline
from subscriptions.management.programs import asked_to_stop
from subscriptions.management.report import ReportCommand
from subscriptions.sending import returns
from subscriptions.sending.returns import listener
from subscriptions.sending.returns.opening import LOOKED_AT


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("files", nargs="*", metavar="FILE")
        parser.add_argument(
            "--listen", action="store_true", help="serve BOUNCE_LISTEN until Ctrl-C"
        )
        parser.add_argument(
            "--to", default="", metavar="ADDRESS", help="the envelope's recipient"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BOUNCE_ADDRESS:
            raise CommandError(
                "BOUNCE_ADDRESS is not set, so no mail names where it comes back to."
            )
        if options["listen"]:
            return self.listen()
        if not options["files"]:
            counts = pipeline.take_returns()
            self.answer(options, counts, [list(counts), list(counts.values())])
            return None
        to = [options["to"]] if options["to"] else []
        taken = [(name, returns.take(read(name), to)) for name in options["files"]]
        rows = [
            {"file": name, "event": t.type, "new": t.new, "refused": t.why}
            for name, t in taken
        ]
        table = [list(row.values()) for row in rows]
        self.answer(options, rows, [["file", "event", "new", "refused"], *table])
        return None

    def listen(self) -> None:
        if not settings.BOUNCE_LISTEN:
            raise CommandError("BOUNCE_LISTEN is not set; it takes host:port.")
        host, port = settings.BOUNCE_LISTEN
        with ExitStack() as running:
            stop = running.enter_context(asked_to_stop())
            try:
                running.enter_context(listener.serve(host, port))
            except OSError as error:
                raise CommandError(
                    f"BOUNCE_LISTEN is {host}:{port}; nothing can listen there:"
                    f" {error.strerror}."
                ) from error
            self.stdout.write(f"Taking what comes back on {host}:{port}.")
            stop.wait()


def read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LOOKED_AT)
    try:
        with Path(name).open("rb") as file:
            return file.read(LOOKED_AT)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
