"""The front page: did this morning's round go well? Figures into cards and charts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from subscriptions import pipeline, rounds, sending
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    LedgerEpoch,
    Notice,
    Pause,
    Round,
    Source,
    SourceRun,
)

from . import figures
from .rows import SHAPES, TONES, list_url

# The style sheet has each of these in light and in dark.
COLOURS = {
    "sent": "var(--pr-good)",
    "active": "var(--pr-accent)",
    "joined": "var(--pr-good)",
    "left": "var(--pr-quiet)",
    "skipped": "var(--pr-quiet)",
    "failed": "var(--pr-bad)",
    "in_doubt": "var(--pr-warn)",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel; `percent` of what was due, "0.0" to "100.0"."""

    label: str
    count: int
    tone: str
    shape: str
    percent: str
    url: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What Chart.js draws, as JSON, and the same numbers as a table."""

    data: str
    options: str
    headers: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A thing that needs a person, and where to look."""

    tone: str
    shape: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A source's day in the calendar."""

    label: str
    tone: str
    shape: str
    listed: int
    url: str


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK: the front page's context with the figures."""
    now = timezone.now()
    today = figures.home_day(now)
    people = figures.readers(today)
    mails = figures.deliveries(today)
    runs = figures.sources(today)
    may_pause = request.user.has_perm("subscriptions.change_round")
    return context | {
        "title": "Today",
        **round_card(now, may_pause),
        "active": people[-1].active,
        "readers_chart": readers_chart(people),
        "deliveries_chart": deliveries_chart(mails),
        "mails": any(each.sent or each.skipped or each.failed for each in mails),
        "calendar_days": [each.day for each in people],
        "calendar": [
            (Source(source).label, [cell(day) for day in days])
            for source, days in runs.items()
        ],
        "legend": [
            {"label": s, "tone": TONES[s], "shape": SHAPES[TONES[s]]}
            for s in figures.BEST_FIRST
        ],
        "run_headers": ("day", "source", "state", "listed", "seen", "attempts"),
        "run_rows": _run_rows(runs),
        "wanted": wanted(figures.attention(today), today),
    }


def round_card(now: datetime, may_pause: bool) -> dict[str, Any]:
    """The context of the first card, on the front page and when it asks for itself."""
    today = figures.home_day(now)
    morning = figures.morning(today)
    going = morning and pipeline.progress(morning.due_date, now)
    return {
        "today": today,
        "morning": morning,
        "steps": morning and steps(morning),
        "round_url": morning and _page(Round, morning.round_id),
        "pace": pace(going) if going else "",
        "ramp": _ramp(now),
        "may_pause": may_pause,
        "all_paused": sending.lasting() is not None,
    }


def pace(going: pipeline.Progress) -> str:
    """How fast the round goes and for how long still, or why it does not."""
    if not going.waiting:
        return ""
    if going.waits:
        return f"{going.waiting:,} wait: {going.waits}."
    if going.per_minute is None:
        return ""
    said = f"{going.per_minute:,.0f} a minute"
    if going.left is None:
        return f"{said}."
    minutes = ceil(going.left.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    left = f"{hours} h {rest} min" if hours else f"{rest} min"
    return f"{said}, {left} to go."


def _ramp(now: datetime) -> str:
    step = rounds.ramp(now)
    if step is None:
        return ""
    later = step.waiting()
    return (
        f"Warm-up, day {step.day} of {step.of}: at most {step.limit:,} digests;"
        f" {later:,} {'reader has' if later == 1 else 'readers have'} not started."
    )


def steps(morning: figures.Morning) -> list[Step]:
    """The round's digests by where they are; in doubt and deferred only if any."""
    found = []
    for name, states in figures.OUTCOMES.items():
        count = getattr(morning, name)
        if not count and name not in {"sent", "skipped", "failed", "pending"}:
            continue
        tone = TONES[states[0]]
        share = f"{100 * count / (morning.due or 1):.1f}"
        url = _deliveries(morning.due_date, *states)
        label = name.replace("_", " ")
        found.append(Step(label, count, tone, SHAPES[tone], share, url))
    return found


def readers_chart(days: tuple[figures.ReaderDay, ...]) -> Chart:
    """Active readers as a line; above it who came and left, on a scale of their own."""
    active = _dataset("active", [d.active for d in days]) | {"type": "line"}
    came = _dataset("joined", [d.joined for d in days]) | {"yAxisID": "changes"}
    went = _dataset("left", [-d.left for d in days]) | {"yAxisID": "changes"}
    options = _options()
    scales = options["scales"]
    scales["y"] |= {"stack": "one", "stackWeight": 2, "stacked": False}
    scales["changes"] = _axis() | {"stack": "one", "stackWeight": 1, "offset": True}
    rows = tuple((d.day, d.active, d.joined, d.left) for d in reversed(days))
    return Chart(
        _data([d.day for d in days], active, came, went),
        json.dumps(options),
        ("day", "active", "new", "left"),
        rows,
    )


def deliveries_chart(days: tuple[figures.DeliveryDay, ...]) -> Chart:
    names = ("sent", "skipped", "failed", "in_doubt")
    series = [_dataset(name, [getattr(d, name) for d in days]) for name in names]
    rows = tuple(
        (d.day, d.sent, d.skipped, d.failed, d.in_doubt) for d in reversed(days)
    )
    return Chart(
        _data([d.day for d in days], *series),
        json.dumps(_options()),
        ("due", "sent", "skipped", "failed", "in doubt"),
        rows,
    )


def cell(day: figures.SourceDay) -> Cell:
    if not day.state:
        return Cell(f"{day.day}: not asked", "none", "·", 0, "")
    url = list_url(SourceRun, source__exact=day.source, day=day.day)
    label = f"{day.day}: {day.state}, {day.listed} listed, {day.seen} seen"
    tone = TONES[day.state]
    return Cell(label, tone, SHAPES[tone], day.listed, url)


def wanted(found: figures.Attention, today: date) -> list[Wanted]:
    """What needs a person: what stops all, what does not add up, then sources down,
    pauses of a round, digests by state."""
    lines = []
    if found.restored:
        lines.append(_notice("paused", found.restored, list_url(LedgerEpoch)))
    if found.stopped:
        text = f"{found.stopped}: {found.stopped.reason or 'no reason given'}"
        lines.append(_notice("paused", text, _page(Pause, found.stopped.pk)))
    for pk, day, faults in found.faults:
        text = f"The round of {day:%A} {day.day} {day:%B} does not add up: {faults}"
        lines.append(_notice("failed", text, _page(Round, pk)))
    if found.untold:
        text = f"{found.untold} of the notices to the operator did not arrive"
        lines.append(_notice("failed", text, list_url(Notice)))
    for down in found.down:
        text = (
            f"{Source(down.source).label} is down: {down.reason or 'no reason given'}"
        )
        lines.append(_notice("down", text, _page(SourceRun, down.run_id)))
    for pk, day in found.paused:
        text = f"The round of {day:%A} {day.day} {day:%B} is paused"
        lines.append(_notice("paused", text, _page(Round, pk)))
    since = figures.last_days(today, figures.DAYS)[0]
    for state, count in found.deliveries.items():
        digests = "digest" if count == 1 else "digests"
        how = Delivery.State(state).label.lower()
        text = f"{count:,} {digests} {how} in {figures.DAYS} days"
        url = list_url(Delivery, state__exact=state, due_date__gte=since)
        lines.append(_notice(state, text, url))
    if found.refused:
        mails = "mail was" if found.refused == 1 else "mails were"
        text = f"{found.refused:,} {mails} refused by policy in a week: it is about us"
        policy, bounced = DeliveryEvent.Verdict.POLICY, DeliveryEvent.Type.BOUNCED
        url = list_url(DeliveryEvent, verdict__exact=policy, type__exact=bounced)
        lines.append(_notice("failed", text, url))
    return lines


def _notice(state: str, text: str, url: str) -> Wanted:
    return Wanted(TONES[state], SHAPES[TONES[state]], text, url)


def _run_rows(runs: dict[str, tuple[figures.SourceDay, ...]]) -> list[tuple[Any, ...]]:
    """The calendar as a table, newest day first, days without a run left out."""
    asked = [day for days in runs.values() for day in days if day.state]
    asked.sort(key=lambda d: d.day, reverse=True)
    return [
        (d.day, Source(d.source).label, d.state, d.listed, d.seen, d.attempts)
        for d in asked
    ]


def _page(model: type[Any], pk: int) -> str:
    return f"{list_url(model)}{pk}/change/"


def _deliveries(day: date, *states: str) -> str:
    if len(states) == 1:
        return list_url(Delivery, due_date=day, state__exact=states[0])
    return list_url(Delivery, due_date=day, state__in=",".join(states))


def _data(days: list[date], *datasets: dict[str, Any]) -> str:
    labels = [f"{day.day} {day:%b}" for day in days]
    return json.dumps({"labels": labels, "datasets": list(datasets)})


def _dataset(name: str, values: list[int]) -> dict[str, Any]:
    colour = COLOURS[name]
    return {
        "label": {"joined": "new"}.get(name, name.replace("_", " ")),
        "data": values,
        "borderColor": colour,
        "backgroundColor": colour,
    }


def _axis() -> dict[str, Any]:
    return {
        "stacked": True,
        "grid": {"display": False},
        "border": {"display": False},
        "ticks": {"color": "#857c70", "precision": 0, "maxTicksLimit": 6},
    }


def _options() -> dict[str, Any]:
    """Chart.js's options: no motion, a tooltip for the whole day, whole numbers."""
    x = _axis()
    x["ticks"] |= {"maxTicksLimit": 8, "maxRotation": 0}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "elements": {"point": {"radius": 0}, "line": {"borderWidth": 2}},
        "plugins": {
            "legend": {
                "align": "start",
                "labels": {"color": "#857c70", "boxWidth": 10, "boxHeight": 10},
            }
        },
        "scales": {"x": x, "y": _axis() | {"grid": {"display": True}}},
    }
