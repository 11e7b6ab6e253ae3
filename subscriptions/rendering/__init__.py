"""Chosen papers and a reader -> the bytes of a mail. No database access.

In: the frozen shapes of `mail` (a Digest or a LetterMail) and the settings that name
this installation. Out: `Rendered`, a subject, both parts as text, and the message as
it goes over the wire; the same input always gives the same bytes. `readable` turns
LaTeX into Unicode and is used by the site too.
"""

from .digest import digest, surely_fits
from .letters import letter
from .mail import (
    Again,
    Covered,
    Digest,
    Entry,
    Envelope,
    Found,
    Group,
    LetterMail,
    Links,
    Reason,
    Recipient,
    Rendered,
)
from .maths import readable

__all__ = [
    "Again",
    "Covered",
    "Digest",
    "Entry",
    "Envelope",
    "Found",
    "Group",
    "LetterMail",
    "Links",
    "Reason",
    "Recipient",
    "Rendered",
    "digest",
    "letter",
    "readable",
    "surely_fits",
]
