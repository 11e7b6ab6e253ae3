"""What a mail is made of: the shapes that `pipeline` hands to `rendering`.

All text is plain (no markup, LaTeX as the source wrote it); rendering escapes it and
makes maths readable. All links are absolute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, NamedTuple

from subscriptions.models import Card

if TYPE_CHECKING:
    from .cards import Standing


class Found(NamedTuple):
    """Words that satisfied a filter, as the paper writes them, and where."""

    words: str
    field: str  # "title", "abstract", "author", "category", "source", "code", "upvotes"


class Reason(NamedTuple):
    """Why a paper is there: one filter by the reader's name for it, what it found."""

    filter_name: str
    found: tuple[Found, ...]


@dataclass(slots=True, eq=False)
class Entry:
    """A paper in a digest. `reasons`: the group's filter first, then the others.

    An entry that is handed in for many mails is coded once: `cards` keeps what it made
    of it in `standing`.
    """

    card: Card
    source: str  # the source's name: "Hugging Face", "arXiv", "Sample"
    listed_on: date
    reasons: tuple[Reason, ...]
    page_url: str
    standing: Standing | None = field(default=None, init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """The papers under one of the reader's filters."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """A paper the reader had before, on a later list that adds something to it."""

    card: Card
    source: str
    sent_on: date
    page_url: str


class Covered(NamedTuple):
    """An edition that the digest covers."""

    source: str
    day: date
    papers: int


@dataclass(frozen=True, slots=True)
class Links:
    """The reader's own links. `unsubscribe` takes the POST of RFC 8058 too; `tune`,
    followed by a paper's arXiv id, is a digest's page to save that and to tune what
    comes."""

    preferences: str
    unsubscribe: str
    web: str
    privacy: str
    site: str
    tune: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    address: str
    hour: int
    zone: str
    confirmed_on: date | None
    text_only: bool = False
    full_abstracts: bool = True


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers that differ between mails. `message_id` with its angle brackets;
    the mailboxes are addresses of this reader's own, "" without an inbound mailbox."""

    message_id: str
    date: datetime
    feedback_id: str
    unsubscribe_mailbox: str = ""
    reply_mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """One reader's papers for one due date. `matched`: how many before the cap."""

    recipient: Recipient
    envelope: Envelope
    links: Links
    due_date: date
    first: bool
    weekly: bool
    editions: tuple[Covered, ...]
    filters: int
    matched: int
    groups: tuple[Group, ...]
    again: tuple[Again, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterMail:
    """Any other mail. `kind` is its folder under templates/emails; `action_url` the
    link it is about ("" where it has none); `facts` what else its template says."""

    kind: str
    recipient: Recipient
    envelope: Envelope
    links: Links
    action_url: str = ""
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail, ready to be handed over.

    `message` is the whole mail in 7-bit bytes with CRLF; `left_out`: papers of the
    digest that the size limit moved to the web copy; they are its last ones and do not
    count as had.
    """

    subject: str
    message: bytes
    left_out: int = 0

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        """ "" when the reader wants text only."""
        return self._part("html")

    def _part(self, subtype: str) -> str:
        mail = message_from_bytes(self.message, policy=policy.default)
        assert isinstance(mail, EmailMessage)  # noqa: S101  by its policy
        body = mail.get_body((subtype,))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""
