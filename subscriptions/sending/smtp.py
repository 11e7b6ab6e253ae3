"""A mail to the relay, one SMTP command at a time, so that a failure has a stage.

The standard library's client connects, encrypts and authenticates; `sendmail` of it
would raise the same error before and after the server took a mail, so the transaction
itself is ours. One recipient per transaction (RFC 5321).
"""

from __future__ import annotations

import contextlib
import math
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self

import idna

from subscriptions.crashpoint import crashpoint

from .outcome import Outcome, RelayDown, cleaned, enhanced_status

_LINE, _REPLY = 512, 64 * 1024  # octets kept of a reply's line; read of a reply
_NOT_AUTHENTICATED = {530, 534, 535, 538}  # RFC 4954 section 6


class Server(Protocol):
    """Where mail is handed over. `security` is "" (plain), "starttls" or "tls"."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def security(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each reply; RFC 5321 section 4.5.3.2.

    Giving up early after the dot is what makes duplicates, hence ten minutes there.
    """

    greeting: float = 300
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    payload: float = 180
    dot: float = 600


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail and its envelope."""

    sender: str
    recipient: str
    message: bytes


class Reply(NamedTuple):
    code: int
    text: str


class Command(NamedTuple):
    stage: str
    line: str
    timeout: float
    expected: int  # first digit of the reply that lets the transaction go on


class _Lost(Exception):
    """The connection is gone, silent for too long or does not speak SMTP."""


class Relay:
    """A connection to the relay, opened when first needed, again when it was lost.

    `name` is what EHLO says: a host name or an address literal (RFC 5321 4.1.3).
    """

    def __init__(
        self, server: Server, name: str, timeouts: Timeouts | None = None
    ) -> None:
        self._server = server
        self._name = name
        self._timeouts = timeouts or Timeouts()
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._smtp and kind is None:
            with contextlib.suppress(_Lost):
                self._command("QUIT", 5)
        self._drop()

    def hand_over(
        self,
        mail: Mail,
        begin_by: float = math.inf,
        begun: Callable[[], None] | None = None,
    ) -> Outcome:
        """Offer the mail; raises RelayDown where that says nothing about the mail.

        `begun` is called right before the payload with its final dot is written.

        The payload is not begun after `begin_by` (monotonic seconds): by then another
        sender may hold the mail.
        """
        for last in (False, True):
            is_fresh = self._smtp is None
            smtp = self._smtp or self._connect()
            ready = _ready(mail, smtp)
            if isinstance(ready, Outcome):
                return ready
            outcome = self._transaction(ready, mail, begin_by, begun)
            # A session that ended between two mails is no word on the next one.
            closed_between = outcome.stage == "MAIL" and self._smtp is None
            if last or is_fresh or not closed_between:
                break
        return outcome

    def _transaction(
        self,
        ready: _Ready,
        mail: Mail,
        begin_by: float,
        begun: Callable[[], None] | None,
    ) -> Outcome:
        stage = ""
        try:
            for command in self._envelope(ready):
                stage = command.stage
                reply = self._command(command.line, command.timeout)
                if reply.code // 100 != command.expected:
                    return self._refused(stage, reply, mail)
            stage = "payload"
            if time.monotonic() > begin_by:
                raise _Lost("the relay answered too slowly to begin the mail")
            if begun:
                begun()
            self._write(ready.payload, self._timeouts.payload)
            crashpoint("smtp.after_dot")
        except _Lost as error:
            self._drop()
            return Outcome("deferred", stage, cleaned(str(error)))
        try:
            reply = self._read(self._timeouts.dot)
        except _Lost as error:
            self._drop()
            return Outcome("in_doubt", "dot", cleaned(f"no reply: {error}"))
        crashpoint("smtp.replied")
        if reply.code // 100 == 2:
            return Outcome(
                "sent", "dot", _told(reply, mail), enhanced_status(reply.text)
            )
        return self._refused("dot", reply, mail)

    def _envelope(self, ready: _Ready) -> Iterator[Command]:
        times = self._timeouts
        yield Command("MAIL", ready.mail_from, times.mail, 2)
        yield Command("RCPT", ready.rcpt_to, times.rcpt, 2)
        yield Command("DATA", "DATA", times.data, 3)

    def _refused(self, stage: str, reply: Reply, mail: Mail) -> Outcome:
        """A reply other than the hoped-for one; it is final for this attempt."""
        told = _told(reply, mail)
        if stage == "MAIL" and reply.code // 100 == 5 and not _is_of_this(mail, reply):
            self._drop()
            login = reply.code in _NOT_AUTHENTICATED
            why = "wants a login first" if login else "refuses our sender"
            raise RelayDown(f"{self._where} {why}: {told}")
        kind: Literal["deferred", "failed", "in_doubt"]
        kind = "failed" if reply.code // 100 == 5 else "deferred"
        if reply.code == 421 or reply.code // 100 not in {4, 5}:
            # 421: it closes (RFC 5321 3.8). 2 or 3 out of place: out of step with us.
            kind = "in_doubt" if stage == "dot" and reply.code != 421 else "deferred"
            self._drop()
        elif stage != "dot":
            try:
                self._command("RSET", self._timeouts.mail)
            except _Lost:
                self._drop()
        return Outcome(kind, stage, told, enhanced_status(reply.text))

    # --- the connection ---------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"{self._server.host}:{self._server.port}"

    def _connect(self) -> smtplib.SMTP:
        """Greeting, EHLO, TLS and login, or RelayDown with what went wrong."""
        server = self._server
        wait = self._timeouts.greeting
        smtp: smtplib.SMTP | None = None
        try:
            if server.security == "tls":
                smtp = smtplib.SMTP_SSL(
                    server.host,
                    server.port,
                    self._name,
                    timeout=wait,
                    context=ssl.create_default_context(),
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, self._name, wait)
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            if smtp:
                smtp.close()
            raise RelayDown(f"{self._where}: {_said(error)}") from None
        self._smtp = smtp
        return smtp

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    def _command(self, line: str, timeout: float) -> Reply:
        self._write(line.encode() + b"\r\n", timeout)
        return self._read(timeout)

    def _write(self, octets: bytes, timeout: float) -> None:
        if self._smtp is None or self._smtp.sock is None:
            raise _Lost("the connection is closed")
        try:
            self._smtp.sock.settimeout(timeout)
            self._smtp.sock.sendall(octets)
        except OSError as error:
            raise _Lost(_said(error)) from None

    def _read(self, timeout: float) -> Reply:
        """One reply, of however many lines and however long (RFC 5321 4.2.1)."""
        if self._smtp is None or self._smtp.sock is None or self._smtp.file is None:
            raise _Lost("the connection is closed")
        lines: list[bytes] = []
        size = 0
        more = True
        try:
            self._smtp.sock.settimeout(timeout)
            while more:
                line = self._smtp.file.readline(_REPLY)
                size += len(line)
                if not line.endswith(b"\n") and size < _REPLY:
                    raise _Lost("the relay closed the connection")
                if not re.match(rb"[2-5]\d\d([ -]|\r?\n)", line):
                    raise _Lost("the relay answered something that is not SMTP")
                lines.append(line[4:_LINE])
                if size >= _REPLY:  # the code is known; the rest is not waited for
                    self._drop()
                    break
                more = line[3:4] == b"-"
        except OSError as error:
            raise _Lost(_said(error)) from None
        text = b" ".join(lines).decode("utf-8", "replace")
        return Reply(int(line[:3]), text)


class _Ready(NamedTuple):
    """The lines and octets of one transaction."""

    mail_from: str
    rcpt_to: str
    payload: bytes


def _ready(mail: Mail, smtp: smtplib.SMTP) -> _Ready | Outcome:
    """The mail as this server can take it, or why it cannot."""
    try:
        sender, recipient = _to_ascii(mail.sender), _to_ascii(mail.recipient)
    except ValueError:
        return Outcome("failed", "address", "the address is not one", "5.1.3")
    parameters = ""
    if not (sender + recipient).isascii():
        if not smtp.has_extn("smtputf8"):
            why = "the address is not ASCII and the relay does not offer SMTPUTF8"
            return Outcome("failed", "address", why, "5.6.7")  # RFC 6531 section 3.5
        parameters = " BODY=8BITMIME SMTPUTF8"
    elif not mail.message.isascii():
        return Outcome("failed", "message", "the mail is not 7-bit", "5.6.3")
    payload = _payload(mail.message)
    if smtp.has_extn("size"):
        limit = smtp.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit) < len(payload):
            why = f"the mail has {len(payload)} octets, the relay takes {limit}"
            return Outcome("failed", "message", why, "5.3.4")  # RFC 1870 section 6.3
        parameters += f" SIZE={len(payload)}"
    return _Ready(
        f"MAIL FROM:<{sender}>{parameters}", f"RCPT TO:<{recipient}>", payload
    )


def _to_ascii(address: str) -> str:
    """The address with its domain in ASCII (IDNA); the local part stays as it is.

    Raises ValueError for what cannot stand between angle brackets.
    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or re.search(r"[\x00-\x20\x7f<>]", address):
        raise ValueError("takes an address such as reader@example.org")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}"


def _payload(message: bytes) -> bytes:
    """CRLF, dots doubled, the final dot (RFC 5321 sections 2.3.8 and 4.5.2)."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    text = re.sub(rb"(?m)^\.", b"..", text)
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


def _is_of_this(mail: Mail, reply: Reply) -> bool:
    """Whether a 5xx to MAIL may be about this mail's parameters, not about our sender.

    SIZE: 552 or 5.3.4 (RFC 1870 section 6.1). SMTPUTF8, asked for this recipient:
    several codes (RFC 6531 section 3.5); one such mail must not stop all others.
    """
    if reply.code in _NOT_AUTHENTICATED:
        return False
    is_too_big = reply.code == 552 or enhanced_status(reply.text) == "5.3.4"
    return is_too_big or not mail.recipient.rpartition("@")[0].isascii()


def _told(reply: Reply, mail: Mail) -> str:
    return cleaned(f"{reply.code} {reply.text}", hide=mail.recipient)


def _said(error: Exception) -> str:
    """The error in a few words; never what a server may have echoed of a login."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refused the login ({error.smtp_code})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, smtplib.SMTPResponseException):
        return cleaned(f"it answered {error.smtp_code}")
    return cleaned(str(error)) or type(error).__name__
