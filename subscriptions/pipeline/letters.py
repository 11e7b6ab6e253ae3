"""Letters -> mails: what each kind says, and where its button leads."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from subscriptions import links, rendering, sending
from subscriptions.crashpoint import crashpoint
from subscriptions.models import Letter, Subscriber

from .digests import covered, envelope_of, recipient_of

Kind = Letter.Kind
WEEKDAYS = tuple(calendar.day_name)

_ACTIONS: Mapping[str, Callable[[Letter], str]] = {
    Kind.CONFIRM: lambda letter: links.confirm(letter.subscriber),
    Kind.WELCOME: lambda letter: links.preferences(letter.subscriber),
    Kind.PREFERENCES: lambda letter: links.account(letter.subscriber),
    Kind.GOODBYE: lambda letter: links.unsubscribe(letter.subscriber),
    Kind.NEW_ADDRESS: links.new_address,
    Kind.ADDRESS_ASKED: links.withdraw_address,
    Kind.ADDRESS_CHANGED: lambda letter: links.unsubscribe(letter.subscriber),
    Kind.NO_MATCH: lambda letter: links.preferences(letter.subscriber),
    Kind.NOTHING_TODAY: lambda letter: links.preferences(letter.subscriber),
    Kind.STILL_USEFUL: lambda letter: links.still_useful(letter.subscriber),
}


def outgoing_letters(ids: Sequence[int]) -> Mapping[int, sending.Outgoing]:
    """The mails of these letters, by letter id; bytes are made when they are sent."""
    letters = Letter.objects.filter(pk__in=ids).select_related("subscriber")
    return {
        each.pk: sending.Outgoing(
            sender=links.envelope_sender("letter", each.pk),
            recipient=each.address,
            message=_Made(_letter(each)),
            is_tidy=True,
        )
        for each in letters
    }


@dataclass(frozen=True, slots=True)
class _Made:
    """A letter's bytes, made when they are asked for."""

    letter: rendering.LetterMail

    def __call__(self) -> bytes:
        message = rendering.letter(self.letter).message
        crashpoint("letter.made")
        return message


def _mailboxes(letter: Letter) -> links.Mailboxes:
    """None where it goes to another address than its reader's: whoever reads it there
    must not unsubscribe the reader."""
    if letter.is_to_its_reader:
        return links.mailboxes(letter.subscriber_id)
    return links.Mailboxes()


def _letter(letter: Letter) -> rendering.LetterMail:
    recipient = recipient_of(letter.subscriber)
    return rendering.LetterMail(
        kind=letter.kind,
        recipient=replace(recipient, address=letter.address),
        envelope=envelope_of(
            letter.message_id, letter.created_at, letter.kind, _mailboxes(letter)
        ),
        links=_links(letter),
        action_url=_ACTIONS[letter.kind](letter),
        facts=_facts(letter),
    )


def _links(letter: Letter) -> rendering.Links:
    """A new address may be mistyped and somebody else's, who must not unsubscribe the
    reader: in that letter the way out withdraws the request instead."""
    reader = letter.subscriber
    unsubscribe = links.unsubscribe(reader)
    if letter.kind == Kind.NEW_ADDRESS:
        unsubscribe = links.withdraw_address(letter)
    return rendering.Links(
        preferences=links.preferences(reader),
        unsubscribe=unsubscribe,
        web=links.site(),
        privacy=links.privacy(),
        site=links.site(),
    )


def _facts(letter: Letter) -> dict[str, object]:
    if letter.kind == Kind.WELCOME:
        return _welcome(letter.subscriber, letter.context)
    if letter.kind in {Kind.ADDRESS_ASKED, Kind.ADDRESS_CHANGED}:
        return {"to": letter.context.get("to", "")}
    if letter.kind == Kind.STILL_USEFUL:
        return _still_useful(letter.subscriber, letter.context)
    if letter.kind == Kind.NO_MATCH:
        return _no_match(letter.context)
    if letter.kind == Kind.NOTHING_TODAY:
        return _nothing_today(letter.subscriber, letter.context)
    return {}


def _welcome(reader: Subscriber, context: dict[str, Any]) -> dict[str, object]:
    return {
        "next_due": _next_due(reader, context),
        "listed": context.get("listed", True),
        "volumes": context["volumes"],
    }


def _next_due(reader: Subscriber, context: dict[str, Any]) -> str:
    day = date.fromisoformat(context["next_due"])
    return f"{day:%A} {day.day} {day:%B} at {reader.hour:02}:00 ({reader.zone})"


def _nothing_today(reader: Subscriber, context: dict[str, Any]) -> dict[str, object]:
    return context | {
        "day": date.fromisoformat(context["day"]),
        "editions": tuple(covered(**each) for each in context["editions"]),
        "next_due": _next_due(reader, context),
    }


def _still_useful(reader: Subscriber, context: dict[str, Any]) -> dict[str, object]:
    """From which day on the digest is weekly, and from which it stops; "" for weekly
    where it is that already."""
    days = {name: date.fromisoformat(day) for name, day in context.items()}
    facts: dict[str, object] = {
        name: f"{day.day} {day:%B} {day.year}" for name, day in days.items()
    }
    if reader.cadence == Subscriber.Cadence.WEEKLY:
        facts["weekly_from"] = ""
    weekday = WEEKDAYS[reader.first_weekday.bit_length() - 1]
    return {"weekly_from": "", "paused_from": "", "weekday": weekday} | facts


def _no_match(context: dict[str, Any]) -> dict[str, object]:
    return {"papers": 0, "days": 0, "filters": 1, "nearest": []} | context
