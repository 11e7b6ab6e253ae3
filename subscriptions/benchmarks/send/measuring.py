"""The rounds of `bench send`: every way once in each, one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from subscriptions.models import Delivery

from . import busy, latency, ledger, machine, seeding
from .children import Child, Cores, Failed, Run, together, two_apart
from .figures import of
from .sinks import SESSIONS, send, sinks

LOOPED = 200  # mails of the plain loop a round: it is slow, so a sample must do
_ANYWHERE = Cores()
_UNSIGNED: Mapping[str, str] = {}
Say = Callable[[str], object]


def measure(digests: int, rounds: int, say: Say) -> dict[str, Any]:
    """Figures as `figures.of` tells them. Raises Failed, Unlike or NoTools."""
    folder = Path(settings.VAR_DIR)
    key = machine.key(folder)
    signs, by = machine.signs_per_s(key)
    say(f"storing {digests:,} readers")
    seeding.readers(digests)
    measured = Rounds(digests, two_apart(), key, say)
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: {digests:,} digests composed for each way")
        measured.go()
    busy.move_in()
    for number in range(1, rounds + 1):
        say(f"beside a domain at 421, {number} of {rounds}")
        measured.go_beside_a_busy_domain()
    return {
        "digests": digests,
        "rounds": rounds,
        "digest_octets": measured.octets,
        **of(measured.runs, measured.ledger, measured.far, measured.busy),
        "pinned": _pinned(measured.cores),
        "postgresql_pinned": all(run.pinned for run in measured.runs["plain_1core"]),
        "signs_per_s": signs,
        "signs_by": by,
        "fsync_ms": machine.fsync_ms(folder),
        **machine.database(),
    }


def _pinned(cores: Cores) -> str:
    if cores.sender is None:
        return "no: this machine has one core, so 1core and 2core are the same"
    return f"1core: sender to core {cores.sender}, sink to core {cores.others}"


class Rounds:
    """What every round shares, and what the rounds gave, by the name of the way."""

    def __init__(self, digests: int, cores: Cores, key: Path, say: Say) -> None:
        self.cores = cores
        self.octets = 0
        self.runs: dict[str, list[Run]] = defaultdict(list)
        self.ledger: list[ledger.Compared] = []
        self.far: list[latency.Far] = []
        self.busy: list[busy.Compared] = []
        self._digests, self._say = digests, say
        self._days = seeding.days()
        self._signed = {
            "DKIM_DOMAIN": "papers.example.org",
            "DKIM_SELECTOR": "bench",
            "DKIM_KEY_FILE": str(key),
        }

    def go(self) -> None:
        """One round. Readers have one digest on the way at a time, so each run's are
        composed right before it."""
        for senders, cores in ((1, self.cores), (2, _ANYWHERE)):
            name = f"{senders}core"
            for way, signing in (("plain", _UNSIGNED), ("dkim", self._signed)):
                day = self._composed()
                if signing is _UNSIGNED:
                    self._keep(f"smtp_source_{name}", self._source(senders, cores))
                run = self._service(day, senders, cores, signing)
                self._keep(f"{way}_{name}", run)
        self._far_away(self._composed())
        day = self._composed()
        self._ledger(day)
        self._keep("django_loop_1core", self._loop(day))  # over what has gone out

    def go_beside_a_busy_domain(self) -> None:
        """The same round twice, without 421 and with it."""
        rates = []
        for refuses in (False, True):
            day = self._composed()
            with busy.relay(refuses, self.cores.others) as relay:
                sender = _sender(day, relay.port, SESSIONS, _UNSIGNED)
                together([sender], Cores(self.cores.sender))
            busy.settle(day, refuses)
            rates.append(relay.per_s)
        compared = busy.Compared(*rates)
        self.busy.append(compared)
        self._say(f"others: {compared.without:,.0f}, {compared.beside:,.0f} a second")

    def _composed(self) -> date:
        """The next due date, when all its digests wait."""
        day = next(self._days)
        seeding.compose(day)
        self.octets = self.octets or seeding.octets(day)
        return day

    def _keep(self, name: str, run: Run) -> None:
        self.runs[name].append(run)
        self._say(f"{name}: {run.per_s:,.0f} a second")

    def _source(self, senders: int, cores: Cores) -> Run:
        with sinks(senders, cores.others) as ports:
            return send(ports, self._digests, self.octets, cores.sender)

    def _service(
        self, day: date, senders: int, cores: Cores, signing: Mapping[str, str]
    ) -> Run:
        with sinks(senders, cores.others) as ports:
            children = [_sender(day, port, SESSIONS, signing) for port in ports]
            run = together(children, cores)
        check(day, run.mails)
        return run

    def _loop(self, day: date) -> Run:
        mails = min(self._digests, LOOPED)
        with sinks(1, self.cores.others) as (port,):
            return together([Child("loop", (day, port, mails), {})], self.cores)

    def _far_away(self, day: date) -> None:
        with latency.far_away(latency.DELAY, self.cores.others) as far:
            sender = _sender(day, far.port, latency.CONNECTIONS, _UNSIGNED)
            run = together([sender], Cores(self.cores.sender))
        check(day, run.mails)
        self.far.append(far)
        self._say(f"far away: {far.per_s:,.0f} a second by {far.most} connections")

    def _ledger(self, day: date) -> None:
        compared = ledger.compare(day)
        self.ledger.append(compared)
        self._say(f"ledger: {compared.ledger.wall:.3f} ms, ORM {compared.orm.wall:.3f}")


def _sender(
    day: date, port: int, connections: int, signing: Mapping[str, str]
) -> Child:
    relay = {
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "SMTP_CONNECTIONS": str(connections),
    }
    return Child("sender", (day,), relay | dict(signing))


def check(day: date, mails: int) -> None:
    """Rates are of digests that were all sent, each by one sender."""
    due = Delivery.objects.filter(due_date=day)
    open_ = due.exclude(state=Delivery.State.SENT).count()
    if open_ or mails != due.count():
        raise Failed(f"of {due.count()} digests {open_} were not sent, {mails} told of")
