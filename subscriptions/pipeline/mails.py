"""Deliveries -> mails, each made when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from django.utils import timezone

from subscriptions import links, rendering, sending
from subscriptions.models import Delivery, Subscriber, among

from .compose import compose_one
from .digests import Digests, Told


def outgoing_digests(
    ids: Sequence[int], digests: Digests | None = None
) -> Mapping[int, sending.Outgoing]:
    """The mails of these deliveries, by delivery id; `digests` keeps what one batch has
    read for the next.

    All reading of the database is done here; the bytes are made when they are asked
    for. Only a digest that may be too large is made at once: what a mail has no room
    for was not had (rounds.md 10), and that is written down before it goes.
    """
    digests = digests or Digests()
    mails = {}
    told = Told.all_of(Delivery.objects.filter(pk__in=among(ids)))
    for row, digest in zip(told, digests.of(told), strict=True):
        assert row.pk is not None  # noqa: S101  it was read
        message = _later(digest)
        if not rendering.surely_fits(digest):
            message = _made(_fitted(row.pk, row.left_out, digest))
        sender = links.envelope_sender("digest", row.pk)
        mails[row.pk] = sending.Outgoing(sender, row.address, message, is_tidy=True)
    return mails


def _fitted(pk: int, left_out: int, digest: rendering.Digest) -> bytes:
    rendered = rendering.digest(digest)
    if rendered.left_out != left_out:
        Delivery.objects.filter(pk=pk).update(left_out=rendered.left_out)
    return rendered.message


def _later(digest: rendering.Digest) -> Callable[[], bytes]:
    return lambda: rendering.digest(digest).message


def _made(message: bytes) -> Callable[[], bytes]:
    return lambda: message


def web_copy(delivery_id: int) -> rendering.Rendered:
    """A digest as it was sent, in HTML too, with what the mail had no room for.

    Raises Delivery.DoesNotExist.
    """
    delivery = Delivery.objects.select_related("subscriber").get(pk=delivery_id)
    (mail,) = Digests().of([Told.of(delivery)])
    shown = replace(mail.recipient, text_only=False)
    return rendering.digest(replace(mail, recipient=shown), whole=True)


def preview(
    address: str, day: date, out: Path | None = None
) -> rendering.Rendered | None:
    """The digest of `day` for a reader, unsent; as written if there is one already.

    None: there would be none. With `out`, writes `<day>.eml`, `.txt` and, unless the
    reader wants text only, `.html` there. Raises Subscriber.DoesNotExist.
    """
    reader = Subscriber.objects.at(address).get()
    delivery = reader.deliveries.filter(due_date=day).first()
    delivery = delivery or compose_one(reader, day)
    if delivery is None or not delivery.picks:
        return None
    delivery.created_at = delivery.created_at or timezone.now()
    (mail,) = Digests().of([Told.of(delivery)])
    rendered = rendering.digest(mail)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{day}.eml").write_bytes(rendered.message)
        (out / f"{day}.txt").write_text(rendered.text, encoding="utf-8")
        if rendered.html:
            (out / f"{day}.html").write_text(rendered.html, encoding="utf-8")
    return rendered
