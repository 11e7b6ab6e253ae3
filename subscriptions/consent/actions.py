"""What a reader does with a paper: keep it, tune the filter that brought it, mute."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from subscriptions.models import ConsentRecord, Mute, SavedPaper

from .change import Wanted, filters_of, heard_from, locked, record

Action = ConsentRecord.Action


class TooManyMutes(Exception):
    """The reader has muted as many terms as the settings allow."""


def save_paper(reader_id: int, paper_id: int) -> None:
    """Keep a paper; one that is kept already stays where it is in the list."""
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        SavedPaper.objects.get_or_create(subscriber=reader, paper_id=paper_id)


def unsave_paper(reader_id: int, paper_id: int) -> None:
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        reader.saved_papers.filter(paper_id=paper_id).delete()


def change_filter(reader_id: int, subscription_id: int, wanted: Wanted) -> bool:
    """Give one of the reader's filters another text, under the same name and place.

    Where another of theirs is equal to it by now, that one stays and this one goes.
    False: it is gone, and nothing was changed.
    """
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        mine = reader.subscriptions.filter(pk=subscription_id)
        if not mine.exists():
            return False
        topic = filters_of([wanted.canonical])[wanted.canonical]
        same = reader.subscriptions.filter(filter=topic).exclude(pk=subscription_id)
        if same.exists():
            if mine.filter(enabled=True).exists():
                same.update(enabled=True)  # else neither would take part
            mine.delete()
        else:
            mine.update(filter=topic, text=wanted.text)
        record(reader, Action.CHANGED, "tune")
        return True


def mute(reader_id: int, wanted: Wanted, source: str = "tune") -> Mute:
    """Leave what `wanted` finds out of the reader's digests, from the next one on.

    An equal mute is kept as it is. Raises TooManyMutes.
    """
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        topic = filters_of([wanted.canonical])[wanted.canonical]
        known = reader.mutes.filter(filter=topic).first()
        if known is not None:
            return known
        if reader.mutes.count() >= settings.MUTES_PER_READER:
            raise TooManyMutes
        record(reader, Action.CHANGED, source)
        return Mute.objects.create(subscriber=reader, filter=topic, text=wanted.text)


def unmute(reader_id: int, mute_id: int) -> None:
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        if reader.mutes.filter(pk=mute_id).delete()[0]:
            record(reader, Action.CHANGED, "preferences")
