"""What a filter would have brought, under the field in which it is being written."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from subscriptions import consent, matching
from subscriptions.matching import Preview
from subscriptions.rendering import readable

from .filters import Fault

# Of a passage, in characters before its first word and from there on.
_BEFORE, _AFTER = 50, 120


@dataclass(frozen=True, slots=True)
class Title:
    """A paper under the field: its title or, where that holds none of the words, a
    `passage` of the abstract too; `words` are to be marked in either."""

    title: str
    passage: str
    words: list[str]

    @classmethod
    def of(cls, sample: matching.Sample) -> Title:
        card, spans = sample.card, sample.spans
        words = [span.text for span in spans if span.field == "title"]
        if words:
            return cls(card.title, "", words)
        words = [span.text for span in spans if span.field == "abstract"]
        return cls(card.title, passage(card.abstract, words), words)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a field, held against the last days; a fault if it is no filter."""

    number: int
    text: str
    preview: Preview | None = None
    fault: Fault | None = None

    @classmethod
    def of(cls, number: int, text: str) -> Line:
        try:
            return cls(number, text, preview=matching.preview(text))
        except matching.FilterError as error:
            return cls(number, text, fault=Fault.of(text, error))

    @property
    def titles(self) -> list[Title]:
        return list(map(Title.of, self.preview.samples)) if self.preview else []


@require_safe
def fragment(request: HttpRequest) -> HttpResponse:
    """`?filter=`, a line of the field `line`: a piece of the page, nothing stored.

    Without a filter the answer is empty: the reader has come to the field, and what
    the first preview needs is read meanwhile.
    """
    text = request.GET.get("filter", "").strip()
    number = request.GET.get("line", "")
    if text:
        line = Line.of(int(number) if re.fullmatch("[0-9]{1,4}", number) else 0, text)
        response = render(request, "parts/preview.html", {"lines": [line]})
    else:
        matching.warm_up()
        response = HttpResponse()
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def lines(text: str) -> list[Line]:
    """Every filter of a field; the default where nothing was typed."""
    typed = [line.strip() for line in text.splitlines()]
    filled = [(number, line) for number, line in enumerate(typed) if line]
    filled = filled or [(0, consent.default_filter())]
    return [Line.of(*each) for each in filled[: settings.FILTERS_PER_READER]]


def taken(text: str, wanted: str) -> str:
    """`text` with one line as a button of the preview would have it.

    `wanted`: the line's number and what it shall be; anything else changes nothing.
    """
    typed = text.splitlines()
    number, _, line = wanted.partition(" ")
    is_number = re.fullmatch("[0-9]{1,4}", number)
    if line and is_number and int(number) < max(len(typed), 1):
        typed = typed or [""]
        typed[int(number)] = line
    return "\n".join(typed)


def passage(abstract: str, words: Sequence[str]) -> str:
    """A piece of the abstract where most of the words stand close together."""
    text = " ".join(readable(abstract).split())
    spans = [matching.Span("abstract", 0, len(word), word) for word in words]
    places = [
        (start, text[start:end].casefold())
        for start, end in matching.marks(spans, "abstract", text)
    ]
    if not places:
        return ""

    starts = [start for start, _ in places]

    def near(first: int) -> int:
        end = bisect_left(starts, starts[first] + _AFTER)
        return len({word for _, word in places[first:end]})

    at = starts[max(range(len(places)), key=lambda first: (near(first), -first))]
    start = text.rfind(" ", 0, max(at - _BEFORE, 0)) + 1 if at > _BEFORE else 0
    end = text.find(" ", at + _AFTER)
    cut = text[start : end if end >= 0 else len(text)]
    return f"{'… ' if start else ''}{cut}{' …' if end >= 0 else ''}"
