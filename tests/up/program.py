"""Programs of the service as processes of their own, without a second of imports each.

A fork server has the libraries loaded and nothing of ours: what a process reads from
its environment when it starts (settings, the armed crash point) it still reads then.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import multiprocessing
import os
import resource
import runpy
import signal
import sys
import time
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[2]
# What `manage.py round` loads of others'.
_LIBRARIES = [
    "aiosmtpd.controller",
    "anymail.backends.base_requests",
    "attr",
    "celery.app.base",
    "celery.app.task",
    "celery.canvas",
    "celery.fixups.django",
    "celery.loaders.app",
    "celery.worker.worker",
    "cryptography.hazmat.primitives.serialization",
    "css_inline",
    "defusedxml.ElementTree",
    "dj_database_url",
    "django.conf.urls",
    "django.contrib.admin.sites",
    "django.contrib.admin.templatetags.admin_list",
    "django.contrib.admin.templatetags.admin_modify",
    "django.contrib.admin.views.main",
    "django.contrib.auth.checks",
    "django.contrib.auth.hashers",
    "django.contrib.auth.password_validation",
    "django.contrib.auth.tokens",
    "django.contrib.contenttypes.checks",
    "django.contrib.messages.middleware",
    "django.contrib.postgres.fields",
    "django.contrib.postgres.search",
    "django.contrib.sessions.middleware",
    "django.contrib.staticfiles.finders",
    "django.contrib.staticfiles.storage",
    "django.core.cache.backends.locmem",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.migrate",
    "django.core.management.commands.shell",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.middleware.clickjacking",
    "django.middleware.common",
    "django.middleware.security",
    "django.template.backends.django",
    "django.template.backends.jinja2",
    "django.template.defaulttags",
    "django.template.loaders.app_directories",
    "django.template.loaders.cached",
    "django.templatetags.i18n",
    "django.templatetags.l10n",
    "django.templatetags.tz",
    "django.utils.lorem_ipsum",
    "django.views.debug",
    "django.views.defaults",
    "django.views.generic",
    "dotenv",
    "email.mime.image",
    "email.mime.multipart",
    "email_validator",
    "flufl.bounce",
    "httpx",
    "idna",
    "jinja2",
    "kombu.transport.filesystem",
    "kombu.transport.redis",
    "mailbox",
    "msgspec",
    "msgspec.json",
    "psycopg",
    "pylatexenc.latex2text",
    "pylatexenc.latex2text._defaultspecs",
    "requests",
    "rich._emoji_codes",
    "smtplib",
    "stamina",
    "unfold.components",
    "unfold.dataclasses",
    "unfold.enums",
    "unfold.sections",
    "unfold.utils",
    "uvloop",
    "whitenoise.base",
    "whitenoise.middleware",
]
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([*_LIBRARIES, "tests.up.at_rest"])


class Program:
    """`manage.py COMMAND...`, `celery ...` or `-m MODULE ...`, running in a session of
    its own.

    `returncode` is None until it has ended, negative for a signal; `said` is what it
    wrote on stderr. `out`: the file for its stdout. `file_size`: octets after which no
    file of it can grow. `host`: a process whose network and host name it has.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        env: dict[str, str],
        log: Path,
        file_size: int | None = None,
        out: Path = Path(os.devnull),
        host: int | None = None,
    ) -> None:
        self._log, self._out = log, out
        arguments = (command, env, log, file_size, out, host)
        self._process = _forks.Process(target=_run, args=arguments)
        self._process.start()
        self._asking = Lock()  # of two threads that ask at once one hears nonsense
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        with self._asking:
            return self._process.exitcode

    def wait(self, timeout: float = math.inf) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < deadline, f"it did not end: {self.said}"
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        """A signal; nothing where it has ended meanwhile."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Also from a thread beside the one that waits for its end."""
        os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.01)

    def is_stopped(self) -> bool:
        status = Path(f"/proc/{self.pid}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def answer(self) -> str:
        """What it wrote into `out`."""
        return self._out.read_text()


def _run(
    command: tuple[str, ...],
    env: dict[str, str],
    log: Path,
    file_size: int | None,
    out: Path,
    host: int | None,
) -> None:
    assert not any(name.startswith("subscriptions") for name in sys.modules)
    os.setsid()
    if host:
        _enter(host)
    os.environ.clear()
    os.environ.update(env, DJANGO_SETTINGS_MODULE="digest_site.settings")
    os.chdir(ROOT)
    for descriptor, path in ((1, out), (2, log)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, descriptor)
        os.close(file)
    if file_size:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    if command[0] == "celery":
        from celery.__main__ import main

        sys.argv = [*command]
        main()
    elif command[0] == "-m":
        sys.argv = [*command[1:]]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["manage.py", *command]
        runpy.run_path("manage.py", run_name="__main__")


def _enter(host: int) -> None:
    """The network and UTS namespaces of that process: setns(2), new in Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind in ("net", "uts"):
        namespace = os.open(f"/proc/{host}/ns/{kind}", os.O_RDONLY)
        if libc.setns(namespace, 0):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(namespace)
