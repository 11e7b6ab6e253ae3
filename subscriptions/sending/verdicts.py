"""What a server's refusal says of the address: a table, read from the top.

Enhanced status codes are those of RFC 3463 and the registry of RFC 5248; what providers
mean by them beyond that stands beside the row.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from subscriptions.models import DeliveryEvent

Type, Verdict = DeliveryEvent.Type, DeliveryEvent.Verdict
_CODE = re.compile(r"(?<![\d.])([45][0-5]\d)(?![\d.])")

# Exim, qmail and cPanel have no status for these, and say them in reply to RCPT: our
# host may not relay, our sender's address was not found, our host has no good name, or
# we have sent as much as the relay lets us in an hour or a day.
_ABOUT_US_WORDS = (
    r"\brelay(ing)? (access )?(is )?(not (permitted|allowed)|denied|prohibited)"
    r"|(not permitted|not allowed|unable) to relay|\brcpthosts\b"
    r"|smtp authentication|authentication (is )?required"
    r"|\bsender (address )?(is )?(rejected|denied|verif)|verification failed for"
    r"|\benvelope sender\b|\b(helo|ehlo)\b|\breverse dns\b|\brdns\b|\bptr\b"
    r"|\baccess denied\b|administrative prohibition"
    r"|\bper (hour|day)\b|\b(hourly|daily)\b|\b(rate|sending) ?limit"
    r"|too many (messages|mails|e-?mails|recipients|connections)"
    r"|\b(start)?tls\b|\bauthentication failed\b|\binvalid dns\b"
)
_POLICY_WORDS = (
    r"\bspam\b|spamhaus|block ?list|black ?list|\b(dns|r)bl\b|\b(dmarc|spf|dkim)\b"
    r"|reputation|policy|unsolicited|\bblocked\b|banned"
)
_FULL_WORDS = (
    r"(over|out of|insufficient|disk) ?(quota|storage|space)"
    r"|exceed\w* ?(\w+ ){0,2}(quota|storage|space|size)"
    r"|quota exceeded|(mailbox|inbox) (is )?full"
)
_GONE_WORDS = (
    r"(user|recipient|mailbox|address|account|addressee) "
    r"(is )?(unknown|not found|does ?n[o']t exist|does not exist|disabled)"
    r"|no such (user|recipient|mailbox|address|person)|unknown (user|recipient|local)"
    r"|unrouteable address|no mailbox here"
)


class Row(NamedTuple):
    """Matches where all that is given does: `status` and `code` whole, `text` anywhere.

    `stage`: the command that was refused. "-" as status: there is none.
    """

    name: str
    verdict: str
    status: str = ""
    code: str = ""
    text: str = ""
    stage: str = ""

    def matches(self, status: str, code: str, text: str, stage: str) -> bool:
        if self.status and not re.fullmatch(self.status, status or "-"):
            return False
        if self.code and not re.fullmatch(self.code, code):
            return False
        if self.text and not re.search(self.text, text, re.IGNORECASE):
            return False
        return not self.stage or self.stage == stage


_GENERIC = r"-|5\.\d+\.0"  # no status, or one that says nothing more than its subject
TABLE = (
    Row("not now, by policy", Verdict.POLICY, r"4\.7\.\d+"),
    Row("mailbox full, for now", Verdict.SOFT, r"4\.2\.2"),
    Row("not now", Verdict.SOFT, r"4\.\d+\.\d+"),
    Row("not now, without a status", Verdict.SOFT, "-", r"4\d\d"),
    # Microsoft's edge refuses unknown recipients so; elsewhere 5.4.1 is a dead host.
    Row(
        "Microsoft's unknown recipient",
        Verdict.GONE,
        r"5\.4\.1",
        text="recipient address rejected",
    ),
    Row("refused by policy", Verdict.POLICY, r"5\.7\.\d+"),
    # Gmail answers 5.2.1 for mailboxes that live and are busy.
    Row(
        "too much at once",
        Verdict.SOFT,
        r"5\.1\.2|5\.4\.4|5\.2\.1",
        text=r"\brate\b|too quickly",
    ),
    Row("no such mailbox", Verdict.GONE, r"5\.1\.1"),
    Row("not an address", Verdict.GONE, r"5\.1\.3"),
    Row("moved, no forwarding", Verdict.GONE, r"5\.1\.6"),
    Row("a domain without mail", Verdict.GONE, r"5\.1\.10"),
    Row("no such domain", Verdict.PERHAPS_GONE, r"5\.1\.2"),
    Row("no route to its host", Verdict.PERHAPS_GONE, r"5\.4\.4"),
    Row("mailbox disabled", Verdict.PERHAPS_GONE, r"5\.2\.1"),
    Row("mailbox full", Verdict.SOFT, r"5\.2\.2"),
    Row("our sender's address", Verdict.POLICY, r"5\.1\.[78]"),
    Row("our mail is too large", Verdict.POLICY, r"5\.2\.3|5\.3\.4"),
    Row("how we speak SMTP", Verdict.POLICY, r"5\.5\.[1-9]\d*"),
    Row("what is in our mail", Verdict.POLICY, r"5\.6\.[1-9]\d*"),
    Row("about us, in words", Verdict.POLICY, _GENERIC, text=_ABOUT_US_WORDS),
    Row("policy, in words", Verdict.POLICY, _GENERIC, text=_POLICY_WORDS),
    Row("full, in words", Verdict.SOFT, _GENERIC, text=_FULL_WORDS),
    Row("full, by its code", Verdict.SOFT, "-", "552"),
    Row("gone, in words", Verdict.GONE, _GENERIC, r"(?:55[0-4])?", _GONE_WORDS),
    Row("gone, by its code", Verdict.GONE, "-", "550|551|553", stage="RCPT"),
)
# Whatever else is refused may be taken another day.
REST = Row("anything else", Verdict.SOFT)


def row_for(status: str, text: str, code: str = "", stage: str = "") -> Row:
    """The first row that matches. `code` of three digits; `stage` as in Outcome."""
    return next((r for r in TABLE if r.matches(status, code, text, stage)), REST)


def code_in(text: str) -> str:
    """The first reply code of SMTP that is a failure, "" without one."""
    found = _CODE.search(text[:2_000])
    return found[0] if found else ""


def verdict_of(type_: str, status: str, detail: str) -> str:
    """What a server's answer says of the address; NONE where it refused nothing.

    `detail` as events have it: "at RCPT: 550 ..." where the ledger was told so.
    """
    if type_ != Type.BOUNCED:
        return Verdict.NONE
    at, colon, said = detail.partition(": ")
    if not (colon and at.startswith("at ")):
        at, said = "", detail
    in_reply = "RCPT" if "RCPT TO" in said else ""
    stage = at.removeprefix("at ") or in_reply
    return row_for(status, said, code_in(said), stage).verdict
