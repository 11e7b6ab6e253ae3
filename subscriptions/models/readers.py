"""Readers, what they asked for, and what they agreed to."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
import zoneinfo
from datetime import date
from functools import cache, lru_cache

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

log = logging.getLogger(__name__)
EVERY_DAY = 0b1111111
MONDAY_TO_FRIDAY = 0b0011111
# The pause of a reader who did not answer has no end but theirs.
SILENT_UNTIL = date(9999, 1, 1)


def fold_address(address: str) -> str:
    """The form in which two addresses are the same: NFKC and case-folded, whole."""
    return unicodedata.normalize("NFKC", address.strip()).casefold()


def domain_of(address: str) -> str:
    """The domain mail for `address` goes to, in lower case and ASCII (IDNA).

    "" where it has none that mail could go to.
    """
    domain = address.strip().rpartition("@")[2].lower()
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return ""


@cache
def zone_names() -> frozenset[str]:
    """The names of the IANA zones. Asking the system takes 20 ms."""
    return frozenset(zoneinfo.available_timezones())


@lru_cache(maxsize=1000)
def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of a reader; HOME_ZONE where this machine does not know it.

    Systems differ: newer ones have old names, which browsers still give, in a package
    of their own. One reader's zone must not end everybody's round.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        home: zoneinfo.ZoneInfo = settings.HOME_ZONE
        log.warning(
            "This system does not know the time zone %s: its readers get their mail at "
            "their hour in %s. Install tzdata (on Debian and Ubuntu tzdata-legacy too) "
            "and start again.",
            name,
            home,
        )
        return home


def validate_zone(name: str) -> None:
    if name not in zone_names():
        raise ValidationError(f"{name!r} is not an IANA time zone like Europe/Berlin.")


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def active(self) -> SubscriberQuerySet:
        return self.filter(state=Subscriber.State.ACTIVE)

    def at(self, address: str) -> SubscriberQuerySet:
        """The reader of this address however it is written: none or one."""
        return self.filter(email_folded=fold_address(address))


class Subscriber(models.Model):
    """A reader. Only `consent` writes `state`; only compose and consent `covered`."""

    class State(models.TextChoices):
        PENDING = "pending", "pending (has not confirmed)"
        ACTIVE = "active"
        UNSUBSCRIBED = "unsubscribed"
        SUPPRESSED = "suppressed"

    class Cadence(models.TextChoices):
        DAILY = "daily", "every day"
        WEEKDAYS = "weekdays", "Monday to Friday"
        CHOSEN = "chosen", "on chosen days"
        WEEKLY = "weekly", "once a week"

    class Silence(models.TextChoices):
        NONE = "", "none"
        ASKED = "asked", "asked whether it is still useful"
        WEEKLY = "weekly", "no answer: once a week"
        PAUSED = "paused", "no answer: paused"

    email = models.EmailField("address", max_length=254, help_text="as typed")
    email_folded = models.CharField(max_length=254, unique=True, editable=False)
    domain = models.CharField(max_length=254, blank=True, editable=False)
    state = models.CharField(
        max_length=16, choices=State.choices, default=State.PENDING
    )
    zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    hour = models.PositiveSmallIntegerField(
        default=8, validators=[MaxValueValidator(23)], help_text="local, 0 to 23"
    )
    cadence = models.CharField(
        max_length=16, choices=Cadence.choices, default=Cadence.DAILY
    )
    weekdays = models.PositiveSmallIntegerField(
        default=EVERY_DAY,
        validators=[MinValueValidator(1), MaxValueValidator(EVERY_DAY)],
        help_text="days of the cadence as bits, Monday 1, Tuesday 2, Wednesday 4 ...",
    )
    paused_until = models.DateField(
        null=True, blank=True, help_text="first local day with a digest again"
    )
    hold_until = models.PositiveSmallIntegerField(
        default=1, help_text="no digest before this many papers wait"
    )
    max_papers = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(40)],
        help_text="empty: 12, weekly 25",
    )
    full_abstracts = models.BooleanField(default=True)
    text_only = models.BooleanField(default=False)
    nothing_today = models.BooleanField(
        "letters on empty days",
        default=False,
        help_text="a due date on which nothing matched brings a letter",
    )

    covered = models.JSONField(
        default=dict,
        blank=True,
        help_text="per source the day of the newest edition that a digest covered",
    )
    awaits_first_digest = models.BooleanField(
        default=False, help_text="confirmed; the first digest goes out at once"
    )
    due_after = models.DateTimeField(
        null=True, blank=True, help_text="imported: due on hours after this instant"
    )
    recheck_had = models.BooleanField(
        default=False,
        editable=False,
        help_text="coverage moved back: look up every candidate before picking",
    )

    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    last_mail_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_action_at = models.DateTimeField(
        default=timezone.now,
        help_text="confirmed, changed something or pressed a button",
    )
    silence = models.CharField(
        max_length=8, choices=Silence.choices, default=Silence.NONE, blank=True
    )
    silence_at = models.DateTimeField("silent since", null=True, blank=True)
    before_silence = models.JSONField(
        default=dict, blank=True, editable=False, help_text="cadence and weekdays"
    )
    address_changed_at = models.DateTimeField(
        null=True, blank=True, help_text="links made before open no preferences"
    )

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hour__lte=23), name="subscriber_hour_0_to_23"
            ),
            models.CheckConstraint(
                condition=Q(weekdays__gte=1, weekdays__lte=EVERY_DAY),
                name="subscriber_at_least_one_weekday",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(confirmed_at__isnull=False),
                name="subscriber_active_only_if_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(silence="") | Q(silence_at__isnull=False),
                name="subscriber_silent_since",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "zone", "hour"], name="subscriber_by_hour"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zone_of(self.zone)

    @property
    def cap(self) -> int:
        """How many papers a digest of theirs may hold."""
        if self.max_papers:
            return self.max_papers
        return 25 if self.cadence == self.Cadence.WEEKLY else 12

    @property
    def first_weekday(self) -> int:
        """The bit of the first day of their week."""
        return self.weekdays & -self.weekdays

    def wants(self, day: date) -> bool:
        """Is the local date `day` in their cadence?"""
        return bool(self.weekdays >> day.weekday() & 1)

    def is_paused_on(self, day: date) -> bool:
        return self.paused_until is not None and day < self.paused_until


class TopicFilter(models.Model):
    """A query in the filter language; equal queries of different readers are one row.

    Unique by the SHA-256 of its canonical text, which can be longer than a
    PostgreSQL index entry may be.
    """

    text = models.TextField("canonical text")
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text

    @staticmethod
    def fingerprint_of(canonical: str) -> str:
        return hashlib.sha256(canonical.encode()).hexdigest()


class Subscription(models.Model):
    """A reader's use of a filter, under the reader's own name for it."""

    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, related_name="subscriptions"
    )
    filter = models.ForeignKey(
        TopicFilter, models.PROTECT, related_name="subscriptions"
    )
    text = models.TextField("as written", help_text="the filter as the reader wrote it")
    name = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    enabled = models.BooleanField("on", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["subscriber", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "filter"], name="a_reader_uses_a_filter_once"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name the reader sees: their own, else the filter as they wrote it."""
        return self.name or self.text


class ConsentRecord(models.Model):
    """Who agreed to which words, when and how. Rows are added, never changed."""

    class Action(models.TextChoices):
        ASKED = "asked", "asked to subscribe"
        CONFIRMED = "confirmed"
        IMPORTED = "imported"
        CHANGED = "changed", "changed preferences"
        UNSUBSCRIBED = "unsubscribed"
        RESUBSCRIBED = "resubscribed", "took the unsubscribing back"
        ADDRESS = "address", "changed address"

    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, related_name="consent_records"
    )
    action = models.CharField(max_length=16, choices=Action.choices)
    source = models.CharField(
        max_length=32, help_text="form, letter, digest, one-click, import, admin"
    )
    text = models.TextField(blank=True, help_text="the exact words agreed to")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.action} by {self.source}"
