"""The Jinja2 environment of every page and mail."""

from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment

from subscriptions.rendering import readable
from subscriptions.web.text import FILTERS


def environment(**options: Any) -> Environment:
    env = Environment(trim_blocks=True, lstrip_blocks=True, **options)  # noqa: S701  OPTIONS pass select_autoescape()
    env.filters.update(FILTERS, readable=readable)
    env.globals.update(
        static=static,
        url=lambda name, *args: reverse(name, args=args),
        site_name=settings.SITE_NAME,
        settings=settings,
    )
    return env
