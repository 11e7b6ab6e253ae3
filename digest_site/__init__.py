"""Wiring only: settings, addresses, the Celery app and its timetable."""

from .celery import app as celery_app

__all__ = ["celery_app"]
