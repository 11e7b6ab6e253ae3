"""Header lines of a mail, written here so that the bytes are known.

The standard library folds and encodes by its own lights; a List-Unsubscribe that was
encoded or broken is no longer one (RFC 8058 section 3.1, RFC 2047 section 5).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache

import idna
from django.conf import settings

from .installation import once
from .mail import Envelope, Links

FOLD = "\r\n "
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_URI = re.compile(r"https?://[!-;=?-~]+")
_ID = re.compile(r"<[!-;=?A-~]+@[A-Za-z0-9.\[\]:-]+>")
_NOT_IN_MAILBOX = re.compile(r"[\s<>(),;:\\]")
_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")  # atoms and spaces
_QUOTABLE = re.compile(r"[ !#-\[\]-~]+")
# RFC 2047 section 5 (3): safe in a phrase as well; the space becomes "_".
_NOT_LITERAL = re.compile(rb"[^A-Za-z0-9!*+/ -]+")
# A line with an encoded word has at most 76 characters, its header's name included
# (RFC 2047 section 2).
_WORD_LENGTH = 76 - len("Subject: ") - len("=?utf-8?q?") - len("?=")
# Ends after a whole "=XX", and before no byte that continues a character in UTF-8.
_WORD = re.compile(rf".{{1,{_WORD_LENGTH}}}(?<!=)(?<!=.)(?!=[89AB])")


def lines(
    address: str, subject: str, envelope: Envelope, links: Links, bulk: bool
) -> list[bytes]:
    """The header lines without MIME's, in the order they are sent, in blocks of one or
    more lines, the last of each without CRLF.

    Raises ValueError where a value cannot be a header: an address with control
    characters or a non-ASCII mailbox, a naive date, a link that is not a web address.
    """
    if envelope.date.tzinfo is None:
        raise ValueError("The mail's date has no zone; it takes an aware datetime.")
    own = (
        f"To: <{mailbox(address)}>\r\n"
        f"Subject: {_folded('Subject', subject)}\r\n"
        f"Date: {_date(int(envelope.date.timestamp()))}\r\n"
        f"Message-ID: {_message_id(envelope.message_id)}\r\n"
        f"List-Unsubscribe: {_ways_out(links.unsubscribe, envelope)}"
        f"{_reply_to(envelope.reply_mailbox)}"
    )
    return [
        _constant(bulk),
        own.encode("ascii"),
        _line("Feedback-ID", envelope.feedback_id),
    ]


@lru_cache(maxsize=1000)
def _date(timestamp: int) -> str:
    return format_datetime(datetime.fromtimestamp(timestamp, UTC))


@once
def _constant(bulk: bool) -> bytes:
    """What stands in every mail of this installation."""
    site = settings.SITE_NAME
    fields = [
        ("From", sender(settings.EMAIL_FROM, site)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", _named(site, settings.LIST_ID)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    ]
    if bulk:
        fields.append(("Precedence", "bulk"))
    fields.append(("MIME-Version", "1.0"))
    return b"\r\n".join(_line(name, value) for name, value in fields)


def sender(email_from: str, site: str) -> str:
    """`email_from` under its own display name, else under the site's."""
    name, address = parseaddr(email_from)
    return _named(name or site, mailbox(address))


def _named(name: str, address: str) -> str:
    """`address` in angle brackets after its name, on a line of its own if encoded."""
    shown = phrase(name)
    return f"{shown}{FOLD if shown.startswith('=?') else ' '}<{address}>"


def mailbox(address: str) -> str:
    """`address` as SMTP takes it, its domain in ASCII. Raises ValueError otherwise.

    The error does not repeat the address: errors end in logs.
    """
    if _CONTROL.search(address):
        raise ValueError("The address has a control character; it takes name@host.")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _NOT_IN_MAILBOX.search(address):
        raise ValueError("The address is not one mailbox; it takes name@host.")
    if not local.isascii():
        # SMTPUTF8 is for relays that announce it; sign-up refuses such addresses.
        raise ValueError("The address has a non-ASCII name before its @.")
    return f"{local}@{in_ascii(domain)}"


@lru_cache(maxsize=10_000)
def in_ascii(domain: str) -> str:
    """As the envelope has it: by IDNA 2008, which keeps `straße` apart from `strasse`.

    Raises UnicodeError for what is no domain.
    """
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    return domain.encode("idna").decode("ascii")  # holds labels to their lengths


def phrase(text: str) -> str:
    """A display name: as it is, quoted, or as encoded words."""
    text = _CONTROL.sub(" ", text).strip()
    if _PLAIN.fullmatch(text) and "=?" not in text:
        return text
    if _QUOTABLE.fullmatch(text) and "=?" not in text:
        return f'"{text}"'
    return FOLD.join(encoded_words(text))


def encoded_words(text: str) -> list[str]:
    """`text` as RFC 2047 words of at most 67 characters, none cutting a character."""
    code = _NOT_LITERAL.sub(_escaped, text.encode()).replace(b" ", b"_").decode()
    return [f"=?utf-8?q?{each}?=" for each in _WORD.findall(code) or [""]]


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"=" + match[0].hex("=").upper().encode()


def _folded(name: str, text: str) -> str:
    """Unstructured text, folded at spaces or encoded (RFC 5322 section 2.2.3)."""
    if not text.isprintable():  # a tenth of the time
        text = _CONTROL.sub(" ", text)
    text = text.strip()
    if not text.isascii() or "=?" in text or any(len(w) > 60 for w in text.split(" ")):
        return FOLD.join(encoded_words(text))
    folded, line = "", f"{name}: "
    for word in text.split(" "):
        if len(line) + len(word) > 78:
            folded, line = folded + "\r\n", ""
        folded += f" {word}"
        line += f" {word}"
    return folded[1:]


def _ways_out(page: str, envelope: Envelope) -> str:
    """The address on the web, then the mailbox; each on a line of its own."""
    web = f"<{_uri(page)}>"
    if not envelope.unsubscribe_mailbox:
        return web
    by_mail = mailbox(envelope.unsubscribe_mailbox)
    return f"{web},{FOLD}<mailto:{by_mail}?subject=unsubscribe>"


def _reply_to(own: str) -> str:
    """A line, after those before it, or none. People read the contact's mail; the
    reader's own mailbox knows "stop"."""
    replies = [contact] if (contact := _contact()) else []
    replies += [f"<{mailbox(own)}>"] if own else []
    return f"\r\nReply-To: {f',{FOLD}'.join(replies)}" if replies else ""


@once
def _contact() -> str:
    """ "" where the contact is a page, not a mailbox."""
    if "@" not in settings.CONTACT:
        return ""
    name, address = parseaddr(settings.CONTACT)
    bare = mailbox(address)
    return _named(name, bare) if name else bare


def _uri(url: str) -> str:
    if not _URI.fullmatch(url):
        raise ValueError("List-Unsubscribe takes an ASCII http(s) address.")
    return url


def _message_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("A Message-ID takes <left@host> in ASCII.")
    return text


@lru_cache(maxsize=100)
def _line(name: str, value: str) -> bytes:
    if _CONTROL.search(value.replace(FOLD, " ")) or not value.isascii():
        raise ValueError(f"{name} has a control or non-ASCII character in it.")
    return f"{name}: {value}".encode("ascii")
