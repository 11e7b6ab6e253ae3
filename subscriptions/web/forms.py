"""What readers type, checked; the templates write the fields."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import QueryDict

from subscriptions import consent
from subscriptions.addresses import read_address
from subscriptions.consent import Schedule
from subscriptions.models import Subscriber
from subscriptions.models.readers import EVERY_DAY, MONDAY_TO_FRIDAY, zone_names

from .filters import Fault, Unreadable, read_filter, read_filters
from .work import Task

Cadence = Subscriber.Cadence
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
WEEKDAYS = list(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))
LONGEST_FILTERS = 20_000  # characters of all filters together

# A person needs longer than this to fill in the form; a script rarely waits.
MINIMUM_TIME = timedelta(seconds=2)
_stamps = signing.TimestampSigner(salt="paper-round.form")


class ScheduleForm(forms.Form):
    """When the digest comes. What is left out is every day at eight."""

    cadence = forms.ChoiceField(choices=Cadence.choices, required=False)
    weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS, coerce=int, required=False
    )
    hour = forms.TypedChoiceField(
        choices=HOURS, coerce=int, required=False, empty_value=None
    )
    zone = forms.CharField(required=False, max_length=64)

    def clean_cadence(self) -> str:
        return self.cleaned_data["cadence"] or Cadence.DAILY

    def clean_weekdays(self) -> list[int]:
        """Each once: they are added up as bits."""
        return sorted(set(self.cleaned_data["weekdays"]))

    def clean_hour(self) -> int:
        hour = self.cleaned_data["hour"]
        return 8 if hour is None else int(hour)

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"] or str(settings.HOME_ZONE)
        if zone not in zone_names():
            raise ValidationError(
                "This is not a time zone. Choose one, such as Europe/Berlin."
            )
        return zone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = len(cleaned.get("weekdays", []))
        cadence = cleaned.get("cadence")
        if cadence == Cadence.CHOSEN and not chosen:
            self.add_error("weekdays", "Choose the days on which you want the digest.")
        if cadence == Cadence.WEEKLY and chosen != 1:
            self.add_error("weekdays", "Choose one day for the weekly digest.")
        return cleaned

    def schedule(self) -> Schedule:
        cleaned = self.cleaned_data
        bits = {
            Cadence.DAILY: EVERY_DAY,
            Cadence.WEEKDAYS: MONDAY_TO_FRIDAY,
        }.get(cleaned["cadence"]) or sum(1 << day for day in cleaned["weekdays"])
        return Schedule(
            zone=cleaned["zone"],
            hour=cleaned["hour"],
            cadence=cleaned["cadence"],
            weekdays=bits,
        )


class OwnSchedule(ScheduleForm):
    """A reader's own, how many papers are worth a mail, and whether a day without one
    brings a letter."""

    hold_until = forms.IntegerField(required=False, min_value=1, max_value=40)
    nothing_today = forms.BooleanField(required=False)

    def clean_hold_until(self) -> int:
        return self.cleaned_data["hold_until"] or 1


def schedule_of(reader: Subscriber) -> dict[str, Any]:
    """A reader's schedule as the form shows it. Who is mailed less often for their
    silence sees the days they chose: saving the form gives these back, as any button
    does."""
    own: dict[str, Any] = {"cadence": reader.cadence, "weekdays": reader.weekdays}
    own |= reader.before_silence
    # With all seven ticked, who wants a single day would have to untick six of them.
    chose = own["cadence"] in (Cadence.CHOSEN, Cadence.WEEKLY)
    return {
        "cadence": own["cadence"],
        "weekdays": [
            day for day, _ in WEEKDAYS if chose and own["weekdays"] >> day & 1
        ],
        "hour": reader.hour,
        "zone": reader.zone,
        "hold_until": reader.hold_until,
        "nothing_today": reader.nothing_today,
    }


class SignUp(ScheduleForm):
    """The sign-up box. `faults` says what is wrong with which filter."""

    field_order = ("filters", "address")  # as on the page: errors are met in its order
    address = forms.CharField(max_length=320)
    filters = forms.CharField(required=False, max_length=LONGEST_FILTERS)
    website = forms.CharField(required=False)  # the honeypot: people do not see it
    since = forms.CharField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        defaults = {
            "hour": 8,
            "cadence": Cadence.DAILY,
            "zone": str(settings.HOME_ZONE),
        }
        kwargs["initial"] = defaults | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.faults: tuple[Fault, ...] = ()
        self.task: Task | None = None  # for a sign-up beyond the limits
        self.default_filter = consent.default_filter()
        self.stamp = _stamps.sign("form")
        # What a reader has chosen is not guessed again.
        self.guesses_zone = not (self.is_bound or "since" in self.initial)

    @classmethod
    def again(cls, typed: QueryDict, filters: str) -> SignUp:
        """As it was filled in, with these `filters`, and nothing held against it."""
        weekdays = typed.getlist("weekdays")
        kept = {"since": "", **typed.dict(), "weekdays": weekdays, "filters": filters}
        return cls(
            initial={name: kept[name] for name in kept if name in cls.base_fields}
        )

    def clean_address(self) -> str:
        return read_address(self.cleaned_data["address"])

    def clean_filters(self) -> object:
        try:
            return read_filters(self.cleaned_data["filters"])
        except Unreadable as unreadable:
            self.faults = unreadable.faults
            raise ValidationError("Not every filter can be read.") from unreadable

    def is_by_a_script(self) -> bool:
        """A field that nobody sees was filled in."""
        return bool(self.data.get("website"))

    def clean(self) -> dict[str, Any]:
        """Refuse a form filled in within no time; a person sends it again.

        Not timed with the embedded inbox: there is nobody to protect from mail, and
        whoever tries the service out may well do it by script.
        """
        if not settings.EMBEDDED_INBOX and not self._took_its_time():
            raise ValidationError(
                "That was quicker than people type. Please press Subscribe once more."
            )
        return super().clean() or self.cleaned_data

    def _took_its_time(self) -> bool:
        given = self.data.get("since", "")
        try:
            _stamps.unsign(given)
            _stamps.unsign(given, max_age=MINIMUM_TIME)
        except signing.SignatureExpired:
            return True
        except signing.BadSignature:
            return False
        return False


class AddFilter(forms.Form):
    text = forms.CharField(max_length=LONGEST_FILTERS)
    name = forms.CharField(required=False, max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: tuple[Fault, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "text" in cleaned:
            try:
                cleaned["wanted"] = read_filter(
                    cleaned["text"], cleaned.get("name", "")
                )
            except Unreadable as unreadable:
                self.faults = unreadable.faults
                self.add_error("text", "This filter cannot be read.")
        return cleaned


class Format(forms.Form):
    max_papers = forms.IntegerField(required=False, min_value=1, max_value=40)
    abstracts = forms.ChoiceField(choices=[("full", "full"), ("short", "short")])
    text_only = forms.BooleanField(required=False)


def format_of(reader: Subscriber) -> dict[str, Any]:
    """How a reader's digest looks, as the form shows it."""
    return {
        "max_papers": reader.max_papers,
        "abstracts": "full" if reader.full_abstracts else "short",
        "text_only": reader.text_only,
    }


class Pause(forms.Form):
    until = forms.DateField()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until <= self.today:
            raise ValidationError(
                "Give a day to come: the first one on which you want mail again."
            )
        if (until - self.today).days > 366:
            raise ValidationError("A pause lasts at most a year.")
        return until


class Rename(forms.Form):
    subscription = forms.IntegerField()
    name = forms.CharField(required=False, max_length=80)
    enabled = forms.BooleanField(required=False)


class Address(forms.Form):
    address = forms.CharField(max_length=320)

    def clean_address(self) -> str:
        return read_address(self.cleaned_data["address"])
