"""The Celery app. Tasks are doorbells: the database is the queue and the truth."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")

app = Celery("digest_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def refuse_to_start(**_: Any) -> None:
    """End a worker or beat that may not mail; an exception would only be logged."""
    from subscriptions import checks

    try:
        checks.refuse_to_mail()
    except ImproperlyConfigured as error:
        sys.exit(f"Cannot start: {error}")


celeryd_init.connect(refuse_to_start)
beat_init.connect(refuse_to_start)
