"""The DNS records that verify this service's DKIM signatures, to be published."""

from typing import Any

from django.core.management.base import CommandError

from subscriptions.management.report import ReportCommand
from subscriptions.rendering import dkim


class Command(ReportCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        signer = dkim.signer()
        if signer is None:
            raise CommandError(
                "No key to print a record of: set DKIM_DOMAIN, DKIM_SELECTOR and"
                " DKIM_KEY_FILE. docs/operating.md says how to make one."
            )
        records = signer.records()
        if options["json"]:
            self.answer(options, records, [])
            return
        for name, text in records.items():
            # A string of a TXT record has at most 255 characters (RFC 1035, 3.3).
            pieces = [text[at : at + 250] for at in range(0, len(text), 250)]
            strings = " ".join(f'"{piece}"' for piece in pieces)
            self.stdout.write(f"{name}. IN TXT {strings}")
