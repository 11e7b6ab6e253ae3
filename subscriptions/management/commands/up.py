"""Run everything in one terminal: web server, worker, beat, embedded inbox."""

from __future__ import annotations

import http.client
import json
import logging
import os
import secrets
import socket
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from subscriptions import checks, pipeline
from subscriptions.management.programs import Asked, Programs, asked_to_stop
from subscriptions.models import Edition
from subscriptions.sending import inbox

ASKING = 20.0  # seconds for the sources on a first start, all of them together
ASKING_AGAIN = 3.0  # while there are only samples; beat asks again soon enough
BOOT = 60.0  # seconds the web server may take to answer


class Command(BaseCommand):
    help = "Migrate, then run web, worker, beat and the embedded inbox until Ctrl-C."
    requires_system_checks = []  # refuse_to_mail says it better

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bind",
            type=address,
            default=default_bind(),
            metavar="HOST:PORT",
            help="where the site listens (default %(default)s)",
        )
        parser.add_argument(
            "--json", action="store_true", help="say where to look as a line of JSON"
        )

    def handle(self, *, bind: str, json: bool, **options: Any) -> None:
        self.json = json
        # This terminal gets sentences; the programs keep their own logs.
        logging.getLogger().setLevel(logging.ERROR)
        with asked_to_stop(at_once=True) as stop:
            try:
                checks.refuse_to_mail()
                refuse_used_ports(bind)
                password = self.prepare()
                connections.close_all()
                if not stop.is_set():
                    self.run(bind, password)
            except KeyboardInterrupt:  # before anything ran; `run` has its own way
                pass
            self.say("Stopped.")
        # Else Python ends by SIGINT where it came while a module was being imported.
        raise SystemExit(0)

    def prepare(self) -> str:
        """Database, admin user and first papers. The admin's password, if new."""
        self.say(f"Preparing the database ({settings.DATABASES['default']['NAME']})")
        call_command("migrate", verbosity=0, interactive=False)
        if not settings.DEBUG:
            call_command("collectstatic", verbosity=0, interactive=False)
        password = make_admin()
        budget = ASKING_AGAIN if Edition.objects.exists() else ASKING
        self.say(f"Looking for today's papers (at most {budget:.0f} s)")
        self.say(pipeline.first_edition(timezone.now(), budget=budget))
        return password

    def run(self, bind: str, password: str) -> None:
        server = settings.EMAIL_SERVER
        with ExitStack() as running:
            stop = running.enter_context(asked_to_stop())
            if settings.EMBEDDED_INBOX:
                running.enter_context(
                    inbox.serve(server.host, server.port, settings.INBOX_DIR)
                )
            programs = running.enter_context(Programs())
            for name, arguments in {**commands(bind), **listening()}.items():
                programs.start(name, [sys.executable, "-m", *arguments], ENVIRONMENT)
            self.await_site(bind, programs, stop)
            if not stop.is_set():
                self.say_where(bind, password)
            while not stop.wait(0.2):
                fail_if_ended(programs)
            self.say("Stopping (a worker finishes what it holds)")

    def await_site(self, bind: str, programs: Programs, stop: Asked) -> None:
        deadline = time.monotonic() + BOOT
        while not stop.wait(0.1):
            fail_if_ended(programs)
            answer = health(bind)
            if answer == "200":
                return
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The site did not come up within {BOOT:.0f} s:"
                    f" http://{bind}/healthz says {answer}."
                )

    def say_where(self, bind: str, password: str) -> None:
        site = settings.PUBLIC_URL
        places = {"site": f"{site}/", "admin": f"{site}/admin/"}
        if settings.EMBEDDED_INBOX:
            places["inbox"] = f"{site}/inbox/"
        if password:
            places |= {"user": "admin", "password": password}
        if self.json:
            self.stdout.write(json.dumps(places))
            self.stdout.flush()
            return
        self.say(f"{settings.SITE_NAME} is up. Ctrl-C stops it.")
        for name, place in places.items():
            once = "   (shown this once)" if name == "password" else ""
            self.say(f"  {name:<9}{place}{once}")
        if urlsplit(site).scheme == "http" and urlsplit(site).netloc != bind:
            self.say(f"  It listens on {bind}; links in mails start with PUBLIC_URL.")

    def say(self, text: str) -> None:
        if not self.json:
            self.stdout.write(text)
            self.stdout.flush()


# The worker's warning about root is about pickle, which is not accepted here.
ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}


def commands(bind: str) -> dict[str, list[str]]:
    """The arguments of `python -m` for each program."""
    celery = ["celery", "--quiet", "-A", "digest_site"]
    worker = f"--hostname=up-{os.getpid()}@{socket.gethostname()}"
    alone = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    web = ["--bind", bind, "--worker-class", "gthread", "--threads", "8"]
    # The usual 4094 are fewer than a long filter takes, percent-encoded in a search.
    long = ["--limit-request-line", "8190"]
    quiet = ["--no-control-socket", "--log-level", "warning"]
    return {
        "web": ["gunicorn", "digest_site.wsgi", *web, *long, *quiet],
        "worker": [*celery, "worker", "-P", "threads", "-c", "4", worker, *alone],
        "beat": [*celery, "beat", "--pidfile="],
    }


def address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError
    return text


def listening() -> dict[str, list[str]]:
    """The same for what comes back by SMTP, where BOUNCE_LISTEN says so."""
    if not (settings.BOUNCE_LISTEN and settings.BOUNCE_ADDRESS):
        return {}
    return {"returns": ["manage", "returns", "--listen"]}


def default_bind() -> str:
    """Where PUBLIC_URL points, if that is a port of this machine; else port 8000."""
    public = urlsplit(settings.PUBLIC_URL)
    here = public.scheme == "http" and public.hostname in {"127.0.0.1", "localhost"}
    return f"127.0.0.1:{(here and public.port) or 8000}"


def refuse_used_ports(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    wanted = [("the site", host.strip("[]"), int(port), "--bind HOST:PORT")]
    if settings.EMBEDDED_INBOX:
        server = settings.EMAIL_SERVER
        change = "EMAIL_URL=smtp://127.0.0.1:PORT"
        wanted.append(("the embedded inbox", server.host, server.port, change))
    if settings.BOUNCE_LISTEN and settings.BOUNCE_ADDRESS:
        host, number = settings.BOUNCE_LISTEN
        wanted.append(("what comes back", host, number, "BOUNCE_LISTEN=HOST:PORT"))
    for what, host, number, change in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, number))
            except OSError as error:
                raise CommandError(
                    f"{what} cannot listen on {host}:{number}: {error.strerror}."
                    f" Stop what is there, or choose another address with {change}."
                ) from error


def make_admin() -> str:
    """Make the superuser `admin` if there is none; the password, "" if not made."""
    users = get_user_model().objects
    if users.filter(Q(is_superuser=True) | Q(username="admin")).exists():
        return ""
    password = secrets.token_urlsafe(12)
    users.create_superuser(username="admin", email="", password=password)
    return password


def health(bind: str) -> str:
    """What /healthz answers: a status such as "200", or the error in words."""
    public = urlsplit(settings.PUBLIC_URL)
    connection = http.client.HTTPConnection(bind, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": public.netloc})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return f"{error or type(error).__name__}"
    finally:
        connection.close()


def fail_if_ended(programs: Programs) -> None:
    if (ended := programs.ended()) is not None:
        name, code = ended
        raise CommandError(f"{name} ended with exit code {code}; everything stops.")
