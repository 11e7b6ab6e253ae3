"""What a child of the measuring does: gets ready, waits for the word, works, tells."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.core.mail import get_connection
from django.utils import timezone

from subscriptions import pipeline
from subscriptions.benchmarks import assemble, usual
from subscriptions.models import Delivery

from .seeding import PAPERS

Work = Callable[[], int]


def play(role: str, *given: str) -> None:
    """Prepare; at a line on stdin work, and print what it took as JSON."""
    work = _ROLES[role](*given)
    print("ready", flush=True)
    sys.stdin.readline()
    begin, before = time.monotonic(), _cpu()
    mails = work()
    told = {
        "begin": begin,
        "end": time.monotonic(),
        "mails": mails,
        "cpu": _cpu() - before,
        "rss_mb": _peak_mb(),
    }
    print(json.dumps(told), flush=True)


def _sender(day: str) -> Work:
    """The service's own sender: claims, assembles, sends, writes down. One digest is
    made before, unsent, so that modules and templates are there."""
    due = date.fromisoformat(day)
    some = Delivery.objects.filter(due_date=due).select_related("subscriber")[:1]
    pipeline.preview(some[0].subscriber.email, due)
    return lambda: pipeline.deliver(day=due).sent


def _loop(day: str, port: str, mails: str) -> Work:
    """What one writes first: a row, a template, premailer, a connection, an update."""
    due = Delivery.objects.filter(due_date=date.fromisoformat(day))
    ids = list(due.order_by("pk").values_list("pk", flat=True)[: int(mails)])
    shapes = list(assemble.digests(len(ids), each=PAPERS))
    usual.premailer(shapes[0])  # loads its templates
    backend = "django.core.mail.backends.smtp.EmailBackend"

    def work() -> int:
        for pk, shape in zip(ids, shapes, strict=True):
            delivery = Delivery.objects.select_related("subscriber").get(pk=pk)
            mail = usual.premailed(shape)
            mail.to = [delivery.subscriber.email]
            mail.connection = get_connection(backend, host="127.0.0.1", port=int(port))
            mail.send()
            Delivery.objects.filter(pk=pk).update(
                state=Delivery.State.SENT,
                reason="250 2.0.0 Ok",
                sent_at=timezone.now(),
                updated_at=timezone.now(),
            )
        return len(ids)

    return work


_ROLES: dict[str, Callable[..., Work]] = {"sender": _sender, "loop": _loop}


def _cpu() -> float:
    """Seconds of this process and of those it waited for, user and system."""
    return sum(os.times()[:4])


def _peak_mb() -> float:
    """Of this program: getrusage would count what its parent had before it."""
    (kilobytes,) = re.findall(
        r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE
    )
    return int(kilobytes) / 1024
