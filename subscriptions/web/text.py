"""How text, days and numbers are written on pages: the filters of the templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from subscriptions import matching
from subscriptions.addresses import masked


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


@lru_cache(maxsize=100)
def short_day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def dated(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def moment(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b %H:%M} UTC"


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 paper`, `1,204 papers`."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"


def duration(seconds: int) -> str:
    """At least so long: 1 minute, 59 minutes, 2 hours"""
    minutes = -(-seconds // 60)
    if minutes < 60:
        return counted(minutes, "minute")
    return counted(-(-minutes // 60), "hour")


def clipped(text: str, length: int = 420) -> str:
    """The beginning of `text` up to `length` characters, cut between words."""
    if len(text) <= length:
        return text
    whole = text[: length + 1].rsplit(None, 1)[0]
    return whole[:length].rstrip(" ,;:.-") + " …"


def web_link(address: str) -> str:
    """The address if it is an http(s) one without a user name in it, else ""."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    return address.strip() if usable else ""


def marked(text: str, words: Iterable[str]) -> Markup:
    """`text` escaped, with each of `words` in <mark> where it stands as a whole.

    They are compared as the filter language reads them: `Schr{\\"o}dinger` of the paper
    is found in the "Schrödinger" that a page shows.
    """
    spans = [matching.Span("title", 0, len(word), word) for word in words]
    parts, at = [], 0
    for start, end in matching.marks(spans, "title", text):
        parts.append(escape(text[at:start]))
        parts.append(Markup("<mark>{}</mark>").format(text[start:end]))
        at = end
    return Markup().join([*parts, escape(text[at:])])


def coded(sentence: str) -> Markup:
    """What stands between `backticks` in a message as <code>."""
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(sentence.split("`"))
    )


_BAR = '<rect x="{}" y="{:.1f}" width="6" height="{:.1f}"><title>{}: {}</title></rect>'
_BARS = (
    '<svg class="bars" viewBox="0 0 {} 20" preserveAspectRatio="none" '
    'aria-hidden="true">{}</svg>'
)


@lru_cache(maxsize=1000)  # of a paper they are the same for all its readers
def bars(volume: matching.Volume) -> Markup:
    """Papers a day, drawn. A sentence beside it says the same, so it is hidden from who
    hears the page; nothing where there is nothing to compare."""
    days, high = volume.days, volume.high
    if not high or len(days) < 2:
        return Markup()
    heights = [1 + 19 * papers / high for _, papers in days]
    drawn = "".join(
        _BAR.format(
            8 * at, 20 - height, height, short_day(day), counted(papers, "paper")
        )
        for at, ((day, papers), height) in enumerate(zip(days, heights, strict=True))
    )
    # Numbers and days: there is nothing to escape.
    return Markup(_BARS.format(8 * len(days), drawn))  # noqa: S704


FILTERS = {
    "bars": bars,
    "coded": coded,
    "long_day": long_day,
    "short_day": short_day,
    "dated": dated,
    "moment": moment,
    "counted": counted,
    "clipped": clipped,
    "web_link": web_link,
    "masked": masked,
    "marked": marked,
}
