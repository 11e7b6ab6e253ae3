"""What a reader is told whose digest would be empty: the letters that compose owes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from subscriptions import consent
from subscriptions.models import Letter, among

from .desk import Desk
from .draft import Draft

Kind = Letter.Kind


def write_letters(drafts: Sequence[Draft], desk: Desk, now: datetime) -> None:
    """Owe the letters of these drafts. Call it in the transaction that writes their
    rows: there is one row a reader and date, and so one letter at most.

    Costs no query where nobody is owed one.
    """
    letters = [
        _letter(draft, Kind.WELCOME, draft.welcome(desk, now), now.isoformat())
        for draft in drafts
        if draft.owes_welcome
    ]
    empty = [draft for draft in drafts if draft.owes_empty_day_letter]
    if empty:
        # One mail a day says that there was nothing, and the other one says more.
        theirs = among([draft.reader.pk for draft in empty])
        told = {*consent.told_of_two_weeks(now).filter(subscriber__in=theirs)}
        letters += [
            _letter(
                draft,
                Kind.NOTHING_TODAY,
                draft.nothing_today(now),
                draft.delivery.due_date.isoformat(),
            )
            for draft in empty
            if draft.reader.pk not in told
        ]
    Letter.objects.bulk_create(letters)


def _letter(draft: Draft, kind: str, context: dict[str, object], of: str) -> Letter:
    return Letter(
        subscriber=draft.reader,
        kind=kind,
        context=context,
        message_id=Letter.message_id_for(kind, draft.reader.pk, of),
    )
