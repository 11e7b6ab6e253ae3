#!/usr/bin/env python
"""Run Paper Round's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError

# sysexits.h: a mail server that pipes a mail in keeps it and tries again.
TRY_LATER = 75


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        stop(f"Cannot start: {error}")
    except DatabaseError:
        from digest_site.database import why_unusable

        why = why_unusable()
        if "--traceback" in sys.argv or not (why or has_mail()):
            raise
        stop(why or "The database failed.")


def has_mail() -> bool:
    """Whether a mail is piped in, which nobody has but us."""
    return sys.argv[1:2] == ["returns"] and "-" in sys.argv


def stop(why: str) -> None:
    sys.stderr.write(f"{why}\n")
    sys.exit(TRY_LATER if has_mail() else 1)


if __name__ == "__main__":
    main()
