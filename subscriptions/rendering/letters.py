"""Every mail that is not a digest: `KINDS` names them.

A letter is a folder under templates/emails with subject.txt, body.html and body.txt.
"""

from __future__ import annotations

from typing import Any

from subscriptions.models import Letter

from . import phrases, styles
from .encoding import coded
from .footer import constants, reader
from .mail import LetterMail, Rendered
from .maths import plain
from .message import message
from .pieces import CALLS

KINDS = frozenset(Letter.Kind.values)


def letter(letter: LetterMail) -> Rendered:
    """The mail of one letter. Raises ValueError for a kind without templates, and
    where an address or a link cannot stand in a header (see `headers.lines`)."""
    if letter.kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise ValueError(f"There is no letter {letter.kind!r}; there are {known}.")
    to = letter.recipient
    context: dict[str, Any] = {
        **CALLS,
        **dict(constants()),
        **reader(to.hour, to.zone, to.confirmed_on),
        "links": letter.links,
        "action_url": letter.action_url,
        "facts": letter.facts,
        "title_of": _title,
        "line": phrases.line,
        "lists": phrases.lists,
        "day_of_week": phrases.day_of_week,
    }
    subject = plain(styles.render(f"{letter.kind}/subject.txt", context))
    context["subject"] = subject
    text = coded(styles.render(f"{letter.kind}/body.txt", context))
    html = []
    if not to.text_only:
        html = [coded(styles.render(f"{letter.kind}/body.html", context))]
    return Rendered(
        subject=subject,
        message=message(
            to.address,
            subject,
            [text],
            html,
            letter.envelope,
            letter.links,
            bulk=False,
        ),
    )


def _title(title: str) -> str:
    return phrases.line(title, 200) or "Untitled"
