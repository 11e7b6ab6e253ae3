"""The digest of a reader for a day, unsent; written as .eml, .html, .txt with --out."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import pipeline
from subscriptions.management.report import ReportCommand, a_day
from subscriptions.models import Subscriber


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("address")
        parser.add_argument("--day", type=a_day, required=True)
        parser.add_argument("--out", type=Path, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        address, day, out = options["address"], options["day"], options["out"]
        try:
            mail = pipeline.preview(address, day, out)
        except Subscriber.DoesNotExist as error:
            raise CommandError(f"No reader has the address {address}.") from error
        except OSError as error:
            raise CommandError(f"--out {out}: {error.strerror or error}.") from error
        if mail is None:
            rows = [["digest"], [f"none on {day}: nothing new matches"]]
            self.answer(options, {"subject": None, "files": []}, rows)
            return
        kinds = ("eml", "html", "txt") if mail.html else ("eml", "txt")
        files = [str(out / f"{day}.{kind}") for kind in kinds] if out else []
        if options["json"] or out:
            rows = [["subject", "files"], [mail.subject, ", ".join(files)]]
            self.answer(options, {"subject": mail.subject, "files": files}, rows)
        else:
            self.stdout.write(mail.text)
