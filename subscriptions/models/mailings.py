"""The ledger: one row per mail that is owed, from `pending` to a final state."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import date, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce, Now

from .readers import Subscriber, fold_address
from .rounds import Round
from .spelled import spelled

# Mail that could not be handed over by then is not tried any more.
HORIZON = timedelta(hours=20)
# When that is for each row: rows that are not composed do not write it down.
HORIZON_ENDS = Coalesce(F("expires_at"), F("created_at") + Value(HORIZON))
# For how long is kept what a digest held, what a letter said, and what a server said.
KEPT_FOR = timedelta(days=90)
# Why a digest was skipped.
NOTHING_MATCHED, NO_NEW_EDITION = "nothing matched", "no new edition"
PAUSED = "paused"


class State(models.TextChoices):
    """States of a mailing; the final ones say how it ended."""

    PENDING = "pending"
    LEASED = "leased"
    DEFERRED = "deferred"
    IN_DOUBT = "in_doubt", "in doubt"
    SENT = "sent"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    FAILED = "failed"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"


class Mailing(models.Model):
    """What `sending` knows of a mail: its state, its lease, what the server said.

    pending -> leased -> sent | deferred -> ... | failed | in_doubt. A lease runs on
    the database's clock and carries a token: a stale sender's writes touch no row.
    """

    State = State
    OPEN = (State.PENDING, State.LEASED, State.DEFERRED)
    # In the words of the partial indexes; one in doubt may go once more.
    WAITING = (State.PENDING, State.LEASED, State.DEFERRED, State.IN_DOUBT)

    state = models.CharField(
        max_length=16, choices=State.choices, default=State.PENDING
    )
    spelled(state)
    attempts = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(
        default=0, help_text="senders that died in a row while they had it"
    )
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_owner = models.CharField(max_length=120, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="deferred: not tried before"
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="not tried after"
    )
    message_id = models.CharField("Message-ID", max_length=255, blank=True)
    reason = models.CharField(
        max_length=300, blank=True, help_text="why it ended so, or the server's reply"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(state="leased", lease_token__isnull=False)
                | ~Q(state="leased"),
                name="%(class)s_leased_with_a_token",
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @staticmethod
    def message_id_for(*what: object) -> str:
        """The Message-ID (RFC 5322 3.6.4) of the mail named by `what`: the same for
        every copy of it, on the sender's domain, telling nobody who the reader is."""
        domain = settings.EMAIL_FROM.rpartition("@")[2].strip(">") or "localhost"
        named = " ".join(map(str, what)).encode()
        mac = hmac.digest(settings.SECRET_KEY.encode(), named, hashlib.sha256)
        return f"<{base64.b32encode(mac[:20]).decode().lower()}@{domain}>"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        return self.filter(state__in=Mailing.OPEN).filter(state__in=Mailing.WAITING)

    def kept(self) -> DeliveryQuerySet:
        """Those whose picks count as had (rounds.md 10)."""
        return self.filter(state__in=Delivery.HAD)

    def by_state(self, due_date: date) -> dict[str, int]:
        """How many of a due date stand in each state; every state is there."""
        rows = self.filter(due_date=due_date).order_by().values_list("state")
        # COUNT(*) by state reads the index alone.
        return dict.fromkeys(State.values, 0) | dict(rows.annotate(n=Count("*")))

    def end(self, state: str, reason: str) -> int:
        """Bring these to the final `state`; how many it ended.

        What they covered comes with the reader's next digest, unless the reader got
        it or there was nothing to get (rounds.md 9). Leased ones are left alone: their
        sender ends them.
        """
        with transaction.atomic():
            waiting = self.filter(state__in=[State.PENDING, State.DEFERRED])
            # Reader before mail, the order in which every other transaction locks.
            readers = Subscriber.objects.filter(deliveries__in=waiting).order_by("pk")
            list(readers.select_for_update(of=("self",)).values_list("pk"))
            locked = waiting.select_for_update().order_by("id")
            ids = list(locked.values_list("id", flat=True))
            ended = Delivery.objects.filter(pk__in=ids)
            ended.update(state=state, reason=reason[:300], updated_at=Now())
            ended.give_coverage_back()
        return len(ids)

    def give_coverage_back(self) -> None:
        """Let the next digests cover the editions of these again (rounds.md 9): each
        entry of a reader's coverage becomes the older of itself and `covered_from`, an
        absent one is the oldest. Call it in the transaction that ends them."""
        columns = ("subscriber_id", "covered_from", "covered_to", "first")
        ended = list(self.order_by("subscriber_id", "id").only(*columns))
        changed = ("covered", "recheck_had", "awaits_first_digest")
        locked = Subscriber.objects.select_for_update().only(*changed).order_by("pk")
        ids = {each.subscriber_id for each in ended}
        readers = {each.pk: each for each in locked.filter(pk__in=ids)}
        for delivery in ended:
            delivery.uncover(readers[delivery.subscriber_id])
        Subscriber.objects.bulk_update(readers.values(), changed, batch_size=200)


class Delivery(Mailing):
    """One reader's digest of one due date: exactly one, by constraint.

    `picks`: [{"listing": id, "paper": id, "filters": [subscription ids, the group's
    first]}] in the order of the mail. `also`: [{"listing": id, "sent_on": date}] of
    papers had before that the later listing adds something to. `filters`: [{"id":
    subscription id, "filter": filter id, "text": canonical, "name": as it was,
    "matched": how many before the cap}] in the reader's order. `editions`: [{"source",
    "day", "papers"}] covered. `notes`: sentences the digest opens with (a late source,
    a cut). `mutes`: [{"text": as written, "filter": canonical}] that it left out.
    """

    HAD = (*Mailing.OPEN, State.SENT, State.IN_DOUBT)

    subscriber = models.ForeignKey(
        Subscriber,
        models.CASCADE,
        related_name="deliveries",
        db_index=False,  # the constraint's begins with it
    )
    round = models.ForeignKey(Round, models.PROTECT, related_name="deliveries")
    due_date = models.DateField()
    first = models.BooleanField(default=False, help_text="opens with a welcome")
    weekly = models.BooleanField(default=False)
    full_abstracts = models.BooleanField(default=True)
    covered_from = models.JSONField(default=dict, blank=True)
    covered_to = models.JSONField(default=dict, blank=True)
    editions = models.JSONField(default=list, blank=True)
    filters = models.JSONField(default=list, blank=True)
    matched = models.PositiveIntegerField(default=0, help_text="before the cap")
    mutes = models.JSONField(default=list, blank=True)
    picks = models.JSONField(default=list, blank=True)
    left_out = models.PositiveSmallIntegerField(
        default=0, help_text="picks from the end that the mail had no room for"
    )
    also = models.JSONField(default=list, blank=True)
    notes = models.JSONField(default=list, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta(Mailing.Meta):
        ordering = ["-due_date", "id"]
        verbose_name_plural = "deliveries"
        constraints = [
            *Mailing.Meta.constraints,
            models.UniqueConstraint(
                fields=["subscriber", "due_date"],
                name="one_delivery_per_reader_and_due_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                name="delivery_open",
                condition=Q(state__in=["pending", "leased", "deferred", "in_doubt"]),
            ),
            models.Index("id", name="delivery_pending", condition=Q(state="pending")),
            models.Index(
                "crashes", name="delivery_crashed", condition=Q(crashes__gt=0)
            ),
            models.Index(
                "leased_until", name="delivery_leased", condition=Q(state="leased")
            ),
            # By id too, or each claim of a morning would sort all that waits.
            models.Index(fields=["due_date", "state", "id"], name="delivery_by_round"),
        ]

    def __str__(self) -> str:
        return f"digest of {self.due_date} for reader {self.subscriber_id}"

    @property
    def address(self) -> str:
        """Where it goes."""
        return self.subscriber.email

    def uncover(self, reader: Subscriber) -> None:
        """Take this digest out of the reader's coverage, unsaved (rounds.md 9)."""
        for source, day in self.covered_to.items():
            before = self.covered_from.get(source)
            if before == day:
                continue  # not moved by this delivery
            if before is None:
                reader.covered.pop(source, None)
            elif source in reader.covered:
                reader.covered[source] = min(reader.covered[source], before)
        reader.recheck_had = True
        if self.first:
            reader.awaits_first_digest = True


class Letter(Mailing):
    """Any other mail to a reader. `kind` names its folder under templates/emails."""

    class Kind(models.TextChoices):
        CONFIRM = "confirm"
        WELCOME = "welcome"
        PREFERENCES = "preferences", "preferences link"
        GOODBYE = "goodbye"
        NEW_ADDRESS = "new_address", "confirm a new address"
        ADDRESS_ASKED = "address_asked", "a new address was asked for"
        ADDRESS_CHANGED = "address_changed", "the address was changed"
        STILL_USEFUL = "still_useful", "still useful?"
        NO_MATCH = "no_match", "nothing matched for two weeks"
        NOTHING_TODAY = "nothing_today", "nothing matched today"

    # These have a recipient of their own, which is emptied when it is withdrawn and
    # forgotten after a week.
    ABOUT_ADDRESSES = (Kind.NEW_ADDRESS, Kind.ADDRESS_ASKED, Kind.ADDRESS_CHANGED)

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    context = models.JSONField(
        default=dict, blank=True, help_text="what the letter says besides its links"
    )
    recipient = models.EmailField(
        "sent to",
        max_length=254,
        blank=True,
        editable=False,
        help_text="where that is not, or may soon not be, the reader's address",
    )

    class Meta(Mailing.Meta):
        ordering = ["-created_at"]
        constraints = [
            *Mailing.Meta.constraints,
            # The letter is the request: emptying `recipient` withdraws it.
            models.UniqueConstraint(
                fields=["subscriber"],
                condition=Q(kind="new_address") & ~Q(recipient=""),
                name="one_new_address_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                name="letter_open",
                condition=Q(state__in=["pending", "leased", "deferred", "in_doubt"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} letter to reader {self.subscriber_id}"

    @property
    def address(self) -> str:
        """Where it goes."""
        return self.recipient or self.subscriber.email

    @property
    def is_to_its_reader(self) -> bool:
        """Does it go to the address that its reader has now?"""
        return fold_address(self.address) == self.subscriber.email_folded
