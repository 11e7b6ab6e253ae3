"""The Jinja2 environment of every page and mail."""

from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment


def environment(**options: Any) -> Environment:
    env = Environment(trim_blocks=True, lstrip_blocks=True, **options)  # noqa: S701  OPTIONS pass select_autoescape()
    env.globals.update(
        static=static,
        url=lambda name, *args: reverse(name, args=args),
        messages=get_messages,
        site_name=settings.SITE_NAME,
        debug_inbox=settings.EMBEDDED_INBOX,
    )
    return env
