"""One session's mails, one after the other, without a pause between them.

Where the relay offers PIPELINING (RFC 2920), a mail's body, the final dot and the next
mail's MAIL, RCPT and DATA go out in one write, and their replies come in one read: one
round trip a mail. Else each command waits for its reply. The final dot is never written
before the relay said 354 to this very mail, so at most one mail is in doubt.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Protocol

from subscriptions.crashpoint import crashpoint
from subscriptions.sending.outcome import Offer, Outcome, cleaned

from .replies import Replies, Reply
from .session import Session, Timeouts, said
from .transaction import NOT_AUTHENTICATED, Transaction, is_about_us, refused

# What the next reply is to. "" nothing, "void": a command of no mail (RSET, or the lone
# dot that ends a DATA which was let through although there was no recipient).
_IDLE, _VOID, _MAIL, _RCPT, _DATA, _DOT = "", "void", "MAIL", "RCPT", "DATA", "dot"
_PAYLOAD = "payload"


class Desk(Protocol):
    """Who gives a connection its mails and hears what came of them."""

    def next(self, connection: Connection) -> Transaction | None: ...
    def may_begin(self, offer: Offer) -> bool: ...
    def begun(self, offer: Offer) -> None: ...
    def ended(self, offer: Offer, outcome: Outcome) -> None: ...
    def again(self, offer: Offer) -> None: ...
    def refused(self, offer: Offer, why: str) -> None: ...
    def idle(self, connection: Connection) -> None: ...
    def lost(self, connection: Connection) -> None: ...
    def broken(self, error: BaseException) -> None: ...


class Connection(asyncio.Protocol):
    """`is_fresh` until a transaction ended on it: a relay that closes before that may
    mean the mail (if one `was_offered`), later only the session."""

    def __init__(self, session: Session, times: Timeouts, desk: Desk) -> None:
        self.features = session.features
        self.is_fresh = True
        self.was_offered = False
        self.deadline = math.inf
        self.is_closed = False
        self._transport = session.transport
        self._pipelining = "PIPELINING" in session.features
        self._seconds = {
            _IDLE: math.inf,
            _VOID: times.mail,
            _MAIL: times.mail,
            _RCPT: times.rcpt,
            _DATA: times.data,
            _DOT: times.dot,
            _PAYLOAD: times.payload,
        }
        self._desk = desk
        self._replies = Replies()
        self._stage = _IDLE
        self._mail: Transaction | None = None
        self._ahead: Transaction | None = None  # its envelope is out
        self._refusal: Outcome | None = None  # of this mail, while replies are due
        self._has_recipient = False
        self._is_stuck = False  # the kernel did not take all we wrote
        self._behind_body = 0  # octets written behind it: the dot and an envelope
        # So that pause_writing tells whether anything is left in our hands.
        # Not 0: uvloop's encrypted transport would pause with nothing left to write.
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._transport.set_protocol(self)

    def go_on(self, prefix: bytes = b"") -> None:
        """Offer the next mail, behind `prefix`, a command of no mail; idle without."""
        mail = None
        if not prefix or self._pipelining:
            mail = self._desk.next(self)
        self._mail = mail
        if mail:
            self.was_offered = True
            octets = mail.envelope if self._pipelining else mail.mail
            self._transport.write(prefix + octets)
            self._await(_VOID if prefix else _MAIL)
        elif prefix:
            self._transport.write(prefix)
            self._await(_VOID)
        else:
            self._await(_IDLE)
            self._desk.idle(self)

    def drop(self, why: str) -> None:
        """Close, and say what that means for the mails it had."""
        if self.is_closed:
            return
        self.is_closed = True
        is_dot_unsent = self._is_dot_unsent()
        self._transport.abort()
        mail, ahead, self._mail, self._ahead = self._mail, self._ahead, None, None
        # The later one first: both go back to the front.
        if ahead:
            self._desk.again(ahead.offer)
        if mail:
            self._give_up(mail.offer, why, is_dot_unsent)
        self._desk.lost(self)

    def abort(self) -> None:
        """Close and say nothing: the caller does not ask any more."""
        self.is_closed = True
        self._transport.abort()

    def quit(self) -> None:
        """Say goodbye; the relay closes."""
        self._stage = _VOID
        self._transport.write(b"QUIT\r\n")

    # --- called by the event loop

    def data_received(self, data: bytes) -> None:
        try:
            for reply in self._replies.feed(data):
                self._answered(reply)
                if self.is_closed:
                    return
            if self._replies.fault:
                self.drop(self._replies.fault)
        except BaseException as error:
            self._desk.broken(error)

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self.drop(said(exc))
        except BaseException as error:
            self._desk.broken(error)

    def pause_writing(self) -> None:
        self._is_stuck = True
        if self._stage == _DOT:
            self.deadline = time.monotonic() + self._seconds[_PAYLOAD]

    def resume_writing(self) -> None:
        self._is_stuck = False
        if self._stage == _DOT:
            self.deadline = time.monotonic() + self._seconds[_DOT]

    # --- replies

    def _answered(self, reply: Reply) -> None:
        mail, stage = self._mail, self._stage
        if mail is None or stage == _VOID:
            self._void_answered(reply)
        elif stage == _DOT:
            self._dot_answered(mail, reply)
        elif stage == _DATA:
            self._data_answered(mail, reply)
        else:
            self._envelope_answered(mail, reply)

    def _void_answered(self, reply: Reply) -> None:
        if self._stage != _VOID or reply.code == 421:
            self.drop("the relay ended the session")
        elif reply.code // 100 == 3:  # it waits for more; our commands would be that
            self.drop("the relay is out of step")
        elif self._mail:
            self._await(_MAIL)
        else:
            self.go_on()

    def _envelope_answered(self, mail: Transaction, reply: Reply) -> None:
        digit, stage = reply.code // 100, self._stage
        if reply.code == 421 or digit not in {2, 4, 5}:
            self._out_of_step(mail, stage, reply)
        elif stage == _MAIL and digit == 5 and is_about_us(reply, mail.offer):
            self._mail = None
            self._desk.refused(mail.offer, _why_us(reply, mail.offer))
            self.drop("the relay takes nothing from us")
        elif digit != 2 and not self._pipelining:
            self._end(refused(stage, reply, mail.offer))
            self.go_on(b"RSET\r\n")
        else:
            if digit != 2:
                self._refusal = self._refusal or refused(stage, reply, mail.offer)
            elif stage == _RCPT:
                self._has_recipient = True
            self._advance(mail, stage)

    def _advance(self, mail: Transaction, stage: str) -> None:
        following = _RCPT if stage == _MAIL else _DATA
        if not self._pipelining:
            self._transport.write(mail.rcpt if following == _RCPT else mail.data)
        self._await(following)

    def _data_answered(self, mail: Transaction, reply: Reply) -> None:
        digit, refusal = reply.code // 100, self._refusal
        if digit == 3 and refusal is None:
            self._send_body(mail)
        elif reply.code == 421 or digit == 2:
            self._out_of_step(mail, _DATA, reply)
        else:
            has_recipient = self._has_recipient
            self._end(refusal or refused(_DATA, reply, mail.offer))
            if digit != 3:
                self.go_on(b"RSET\r\n")
            elif has_recipient:  # MAIL was refused, RCPT was not: the dot
                self.drop("the relay is out of step")  # would send an empty mail
            else:
                self.go_on(b".\r\n")

    def _dot_answered(self, mail: Transaction, reply: Reply) -> None:
        crashpoint("smtp.replied")
        digit = reply.code // 100
        if digit not in {2, 4, 5}:
            return self.drop(reply.told(mail.offer.recipient))
        if self._is_dot_unsent():
            # Refused half-way; what is still to go would be read as commands.
            stage = _PAYLOAD
            if digit == 2:
                return self.drop("taken before it was there")
        else:
            stage = _DOT
        told = reply.told(mail.offer.recipient)
        self._end(
            Outcome("sent", _DOT, told, reply.status)
            if digit == 2
            else refused(stage, reply, mail.offer)
        )
        if stage == _PAYLOAD or reply.code == 421:
            return self.drop("the relay ended the session")
        if self._ahead:
            self._mail, self._ahead = self._ahead, None
            self._await(_MAIL)
        else:
            self.go_on()
        return None

    # --- one mail

    def _send_body(self, mail: Transaction) -> None:
        if not self._desk.may_begin(mail.offer):
            self._mail = None
            self._desk.again(mail.offer)
            return self.drop("the relay answered too slowly to begin the mail")
        ahead = self._desk.next(self) if self._pipelining else None
        self._ahead = ahead
        behind = b".\r\n" + ahead.envelope if ahead else b".\r\n"
        self._behind_body = len(behind)
        self._desk.begun(mail.offer)
        self._await(_DOT)
        self._transport.writelines([mail.body, behind])
        crashpoint("smtp.after_dot")
        mail.body = b""
        return None

    def _out_of_step(self, mail: Transaction, stage: str, reply: Reply) -> None:
        """421 (it closes, RFC 5321 section 3.8), or a reply that has no place here."""
        if self._refusal:
            self._end(self._refusal)
        elif stage != _MAIL or self.is_fresh:
            told = reply.told(mail.offer.recipient)
            self._end(Outcome("deferred", stage, told, reply.status))
        self.drop("the relay ended the session")

    def _end(self, outcome: Outcome) -> None:
        mail, self._mail, self._refusal = self._mail, None, None
        self._has_recipient = False
        if outcome.stage != _MAIL:
            self.is_fresh = False
        if mail:
            self._desk.ended(mail.offer, outcome)

    def _give_up(self, offer: Offer, why: str, is_dot_unsent: bool) -> None:
        stage = self._stage
        if self._refusal:
            self._desk.ended(offer, self._refusal)
        elif stage == _DOT and not is_dot_unsent:
            reply = cleaned(f"no reply: {why}")
            self._desk.ended(offer, Outcome("in_doubt", _DOT, reply))
        elif stage == _VOID or (stage == _MAIL and not self.is_fresh):
            # A session that ended between two mails is no word on the next one.
            self._desk.again(offer)
        else:
            stage = _PAYLOAD if stage == _DOT else stage
            self._desk.ended(offer, Outcome("deferred", stage, cleaned(why)))

    def _is_dot_unsent(self) -> bool:
        """Whether the final dot surely never left. An encrypted connection tells only
        of what is not yet encrypted, a closed one nothing: then it may have left."""
        if self._stage != _DOT or not self._is_stuck:
            return False
        return self._transport.get_write_buffer_size() > self._behind_body

    def _await(self, stage: str) -> None:
        self._stage = stage
        self.deadline = time.monotonic() + self._seconds[stage]


def _why_us(reply: Reply, offer: Offer) -> str:
    needs_login = reply.code in NOT_AUTHENTICATED
    why = "wants a login first" if needs_login else "refuses our sender"
    return f"{why}: {reply.told(offer.recipient)}"
