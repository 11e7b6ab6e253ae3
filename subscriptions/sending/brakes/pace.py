"""How fast the relay and each recipient domain take mail from this process.

Kept in memory, by what was answered. A domain begins with five mails at once and gets
one more after each that was taken, up to a limit; when it asks us to slow down the
number is halved and the domain rests: 60 seconds, doubled each time up to an hour, with
jitter. Others go on as before. The numbers are Postfix's (qmgr(8)), but for its rest of
at least 300 seconds.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from functools import cache
from threading import Lock

from django.conf import settings

from subscriptions.sending.outcome import Outcome

FIRST_AT_ONCE = 5
FIRST_REST, LONGEST_REST = 60.0, 3600.0
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # of the relay as a whole
# After so many mails in a row of which nobody knows whether they were taken, the relay
# is left alone as a domain is: each may go once more, and would then be in doubt for
# good. As many as are open may have been lost with one restart of it.
SILENT = 20
BUSY = 0.05  # seconds after which to ask again; an outcome comes sooner
_CATCH_UP = 0.1  # seconds of a rate that may be made up for in one go
_REMEMBERED = 10_000  # domains
_TOO_FAST = re.compile(
    r"too (?:many|much|fast|quick)|rate.?limit|throttl|slow(?:ly|ing)? ?down|"
    r"\brate\b",
    re.IGNORECASE,
)
_GREYLISTED = re.compile(r"gr[ea]y.?list", re.IGNORECASE)


@dataclass(slots=True)
class _Flow:
    """`under_way` of at most `at_once` mails; `free_at`: when the rate allows one more;
    `rests_until`: monotonic seconds; `rest`: how long the last one was, 0 for none."""

    at_once: float
    under_way: int = 0
    free_at: float = 0.0
    rests_until: float = 0.0
    rest: float = 0.0

    def rest_from(self, now: float, first: float, longest: float) -> None:
        """Rest, longer than the last time; not for what was under way when it began."""
        if now < self.rests_until:
            return
        self.at_once = max(1.0, self.at_once / 2)
        self.rest = min(max(first, self.rest * 2), longest)
        jitter = random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
        self.rests_until = now + self.rest * jitter

    def rest_for(self, seconds: float, now: float) -> None:
        """Rest for as long as was asked for, and a little longer, up to an hour."""
        jitter = random.uniform(1.0, 1.25)  # noqa: S311 - not a secret
        until = now + min(seconds, LONGEST_REST) * jitter
        self.rests_until = max(self.rests_until, until)


class Pace:
    """Who may be sent a mail now. Rates are mails a second, 0 for no limit; all times
    monotonic seconds; domains in small letters."""

    def __init__(
        self,
        relay_rate: float = 0,
        domain_rate: float = 0,
        domain_connections: int = 20,
    ) -> None:
        self._relay_rate = relay_rate
        self._domain_rate = domain_rate
        self._most = domain_connections
        self._relay = _Flow(math.inf)
        self._unanswered = 0  # mails in a row
        self._domains: dict[str, _Flow] = {}
        self._lock = Lock()  # several senders of a process share it

    def admit(self, domain: str, now: float) -> float:
        """0: begin a mail to this domain now, it is counted. Else seconds until it
        could be; `BUSY` where that hangs on the mails under way."""
        with self._lock:
            return self._admit(domain, now)

    def _admit(self, domain: str, now: float) -> float:
        flow = self._domains.get(domain) or self._new(domain)
        if flow.under_way >= int(flow.at_once):
            return max(BUSY, flow.rests_until - now)
        until = max(flow.rests_until, self._relay.rests_until)
        if self._domain_rate:
            until = max(until, flow.free_at)
        if self._relay_rate:
            until = max(until, self._relay.free_at)
        if until > now:
            return until - now
        flow.under_way += 1
        if self._domain_rate:
            flow.free_at = max(flow.free_at, now - _CATCH_UP) + 1 / self._domain_rate
        if self._relay_rate:
            free_at = max(self._relay.free_at, now - _CATCH_UP)
            self._relay.free_at = free_at + 1 / self._relay_rate
        return 0.0

    def told(self, domain: str, outcome: Outcome | None, now: float) -> None:
        """What came of a mail that was admitted; None: no word on it, it is offered
        again.

        Who is meant by "slow down" (421, HTTP's 429, 4.7.x or words such as "too
        many")? At MAIL, and in the answer of a mail service to a call, nothing was said
        about a recipient: the relay as a whole, which rests for five seconds, doubled
        up to a minute, or for as long as a service says (Retry-After, RFC 9110 section
        10.2.3). At RCPT the domain, whose server or limit the relay speaks of. At DATA
        or the dot the domain too where the reply names it or has 4.7.x or such words; a
        bare 421 there is the relay's own shutting down and slows nobody. Greylisting
        (RFC 6647) is about one sender and recipient and says nothing about speed. A
        relay that takes mails and gives no answer, SILENT times in a row, rests for a
        minute, doubled up to an hour, and is then asked with a few.
        """
        with self._lock:
            if flow := self._domains.get(domain):
                self._told(flow, domain, outcome, now)

    def _told(
        self, flow: _Flow, domain: str, outcome: Outcome | None, now: float
    ) -> None:
        flow.under_way = max(0, flow.under_way - 1)
        if outcome is None:
            return
        self._unanswered = self._unanswered + 1 if outcome.kind == "in_doubt" else 0
        if self._unanswered >= SILENT:
            self._relay.rest_from(now, FIRST_REST, LONGEST_REST)
        if outcome.kind == "sent":
            flow.at_once = min(self._most, flow.at_once + 1)
            if now >= flow.rests_until:
                flow.rest = 0.0
            self._relay.rest = 0.0
        elif outcome.rest:
            self._relay.rest_for(outcome.rest, now)
        elif _asks_to_slow_down(outcome):
            if outcome.stage in {"MAIL", "call"}:
                self._relay.rest_from(now, FIRST_PAUSE, LONGEST_PAUSE)
            elif outcome.stage == "RCPT" or _means(domain, outcome):
                flow.rest_from(now, FIRST_REST, LONGEST_REST)

    def blocked(self, now: float) -> dict[str, float]:
        """The domains that rest, and for how many seconds still."""
        with self._lock:
            return {
                domain: flow.rests_until - now
                for domain, flow in self._domains.items()
                if flow.rests_until > now
            }

    def relay_rests(self, now: float) -> float:
        """Seconds for which the relay as a whole is left alone; 0 for not at all."""
        return max(0.0, self._relay.rests_until - now)

    @property
    def why_relay_rests(self) -> str:
        """What the relay does, in words."""
        if self._unanswered >= SILENT:
            return f"gives no answer, to {self._unanswered} mails in a row"
        return "asks for a pause"

    def _new(self, domain: str) -> _Flow:
        if len(self._domains) >= _REMEMBERED:
            self._domains = {
                name: flow
                for name, flow in self._domains.items()
                if flow.under_way or flow.rest
            }
        flow = self._domains[domain] = _Flow(float(min(FIRST_AT_ONCE, self._most)))
        return flow


@cache
def of_this_process() -> Pace:
    """The pace that all runs of this process keep, so that a domain's rest outlasts the
    run that brought it about."""
    return Pace(settings.RELAY_RATE, settings.DOMAIN_RATE, settings.DOMAIN_CONNECTIONS)


def _asks_to_slow_down(outcome: Outcome) -> bool:
    if outcome.kind != "deferred" or _GREYLISTED.search(outcome.reply):
        return False
    return outcome.reply.startswith(("421", "429")) or _is_of_speed(outcome)


def _is_of_speed(outcome: Outcome) -> bool:
    return outcome.status.startswith("4.7.") or bool(_TOO_FAST.search(outcome.reply))


def _means(domain: str, outcome: Outcome) -> bool:
    return _is_of_speed(outcome) or domain in outcome.reply.lower()
