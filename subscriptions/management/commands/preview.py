"""The digest of a reader for a day, unsent; written as .eml, .html, .txt with --out.
With --gallery every way a mail can look, on invented papers."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscriptions import gallery, pipeline
from subscriptions.management.report import ReportCommand, a_day
from subscriptions.models import Subscriber


class Command(ReportCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("address", nargs="?")
        parser.add_argument("--day", type=a_day)
        parser.add_argument("--out", type=Path, metavar="DIR")
        parser.add_argument("--gallery", type=Path, metavar="DIR")
        parser.add_argument("--case", action="append", metavar="NAME", default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["address"], options["day"]
        if options["gallery"]:
            if any(asked):
                raise CommandError("--gallery shows invented mails: no reader, no day.")
            self._gallery(options)
        elif all(asked):
            self._preview(options)
        else:
            raise CommandError("Say whose and which: preview ADDRESS --day DAY.")

    def _preview(self, options: dict[str, Any]) -> None:
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

    def _gallery(self, options: dict[str, Any]) -> None:
        folder = options["gallery"]
        mails = gallery.mails()
        if unknown := set(options["case"]) - set(mails):
            known = ", ".join(mails)
            raise CommandError(f"No case is called {min(unknown)}; there are {known}.")
        chosen = {name: mails[name] for name in options["case"] or mails}
        try:
            written = gallery.write(folder, chosen)
        except OSError as error:
            what = error.strerror or error
            raise CommandError(f"--gallery {folder}: {what}.") from error
        if written.no_screenshots:
            self.stderr.write(f"Without screenshots: {written.no_screenshots}.")
        rows = [["case", "subject", "files"]]
        rows += [
            [case.name, case.subject, str(len(case.files))] for case in written.cases
        ]
        self.answer(options, [asdict(case) for case in written.cases], rows)
