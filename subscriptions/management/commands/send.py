"""Send what waits: letters and digests, or the digests of a due date with --day.

With --held it decides instead about mails that are in doubt and held, with --day about
digests of that date: their senders' machine is gone, and nobody knows whether they
went."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import checks, pipeline, sending
from subscriptions.management.report import ReportCommand, a_day


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=a_day)
        parser.add_argument(
            "--held",
            choices=["resend", "leave"],
            help="mails that are held: once more, or left in doubt for good",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checks.refuse_to_mail()
        if options["held"]:
            resend = options["held"] == "resend"
            number = pipeline.decide_held(resend, options["day"])
            state = "pending" if resend else "left in doubt"
            self.answer(options, {"held": number}, [[f"{number} mails: {state}"]])
            return
        try:
            data = asdict(pipeline.deliver(day=options["day"]))
        except sending.RelayDown as error:
            raise CommandError(f"Sending stopped: {error}") from error
        self.answer(options, data, [list(data), list(data.values())])
