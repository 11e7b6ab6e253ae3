#!/usr/bin/env python
"""Run Paper Round's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Cannot start: {error}")
    except DatabaseError:
        from digest_site.database import why_unusable

        if "--traceback" in sys.argv or not (why := why_unusable()):
            raise
        sys.exit(why)


if __name__ == "__main__":
    main()
