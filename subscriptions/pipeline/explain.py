"""Why a reader did or did not get a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from subscriptions import ingestion, matching, rounds
from subscriptions.models import Delivery, Edition, Paper, Subscriber
from subscriptions.models.mailings import PAUSED


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """One of the reader's filters on one paper: the words found, or what failed."""

    name: str
    enabled: bool
    matches: bool
    words: tuple[str, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`verdict` in one word, `reason` in one sentence, and each filter's say.

    Verdicts: `sent`, `waiting`, `cut`, `muted`, `not_sent`, `unmatched`, `unlisted`,
    `upcoming`, `unknown`.
    """

    verdict: str
    reason: str
    due_date: date | None
    filters: tuple[FilterVerdict, ...]


def explain(address: str, arxiv_id: str) -> Explanation:
    """Say what became of a paper for a reader. Raises Subscriber.DoesNotExist."""
    reader = Subscriber.objects.at(address).get()
    with suppress(ingestion.Unusable):  # then nothing stored has it either
        arxiv_id = ingestion.paper_id(arxiv_id)
    paper = Paper.objects.filter(arxiv_id=arxiv_id).first()
    if paper is None:
        reason = f"{arxiv_id} is not stored: no source listed it here."
        return Explanation("unknown", reason, None, ())
    listings = list(paper.listings.select_related("paper", "edition"))
    listed = [matching.Document.of_listing(each) for each in listings]
    asked = _Asked(reader, paper, listed or [matching.Document.of_paper(paper)])
    filters = tuple(_verdicts(asked))
    editions = [each.edition for each in listings if each.edition]
    verdict, reason, due = _fate(asked, editions, filters)
    return Explanation(verdict, reason, due, filters)


@dataclass(frozen=True, slots=True)
class _Asked:
    """`documents`: what filters are held against, the paper's listings or itself."""

    reader: Subscriber
    paper: Paper
    documents: Sequence[matching.Document]

    def is_found_by(self, text: str) -> bool:
        """By the filter with this canonical text?"""
        return matching.found_by(text, self.documents) is not None


def _verdicts(asked: _Asked) -> list[FilterVerdict]:
    verdicts = []
    for each in asked.reader.subscriptions.select_related("filter"):
        why_not = ""
        spans = matching.found_by(each.filter.text, asked.documents)
        if spans is None:
            why_not = _why_not(each.filter.text, asked.documents)
        verdicts.append(
            FilterVerdict(
                name=each.label,
                enabled=each.enabled,
                matches=spans is not None,
                words=tuple(dict.fromkeys(span.text for span in spans or ())),
                why_not=why_not,
            )
        )
    return verdicts


def _why_not(text: str, documents: Sequence[matching.Document]) -> str:
    """Of the listing that comes nearest: of `in:hf mamba`, what Hugging Face's lacks
    and not that another one is from arXiv."""
    try:
        query = matching.parse_canonical(text)
    except matching.FilterError:
        return "This version cannot read the filter."
    near = max(
        documents,
        key=lambda each: (matching.could_match(query, each.source), each.upvotes),
    )
    return matching.why_not(query, near)


def _fate(
    asked: _Asked, editions: list[Edition], filters: tuple[FilterVerdict, ...]
) -> tuple[str, str, date | None]:
    delivery = _picked_in(asked.reader, asked.paper)
    if delivery and delivery.state == Delivery.State.SENT:
        return "sent", f"In the digest of {delivery.due_date}.", delivery.due_date
    if delivery:
        reason = f"In the digest of {delivery.due_date}, which is {delivery.state}."
        return "waiting", reason, delivery.due_date
    if not any(each.matches and each.enabled for each in filters):
        return "unmatched", "None of the reader's filters finds it.", None
    if not editions:
        return "unlisted", "No edition lists it: it came too late to be mailed.", None
    return _not_picked(asked, editions)


def _not_picked(asked: _Asked, editions: list[Edition]) -> tuple[str, str, date | None]:
    """It matches and an edition lists it, and no digest has it."""
    reader = asked.reader
    for edition in editions:
        if edition.state == Edition.State.OPEN:
            return "upcoming", f"{edition} is not published yet.", None
        key = {"source": edition.source, "day": edition.day.isoformat()}
        reach = (edition.day, edition.day + rounds.REACH)
        for delivery in reader.deliveries.filter(due_date__range=reach):
            covered = any(key.items() <= each.items() for each in delivery.editions)
            if covered and not _given_back(delivery):
                return _cut(asked, delivery)
    if reader.state != Subscriber.State.ACTIVE:
        return "not_sent", f"The reader is {reader.state}.", None
    edition = max(editions, key=lambda each: each.day)
    if edition.day.isoformat() <= reader.covered.get(edition.source, ""):
        return "not_sent", f"{edition} was out before the reader's first digest.", None
    rows = reader.mutes.select_related("filter")
    mutes = {each.text: each.filter.text for each in rows}
    if muted := _muted_by(asked, mutes):
        return "muted", f"It is muted by you: {muted}.", None
    due = _next_due(reader, edition)
    if due - edition.day > rounds.REACH:
        return "not_sent", f"{edition} is too old for the next digest.", due
    return "upcoming", f"The next digest covers {edition}.", due


def _next_due(reader: Subscriber, edition: Edition) -> date:
    """The first date from the edition's day and from today on that has no row yet."""
    today = timezone.now().astimezone(reader.tz).date()
    before = max(edition.day, today) - timedelta(days=1)
    last = reader.deliveries.first()
    return rounds.next_due(reader, max(before, last.due_date) if last else before)


def _given_back(delivery: Delivery) -> bool:
    """It ended unsent: the next digest covers its editions again (rounds.md 9)."""
    is_skipped = delivery.state == Delivery.State.SKIPPED
    had_nothing_to_send = is_skipped and delivery.reason != PAUSED
    return not (delivery.state in Delivery.HAD or had_nothing_to_send)


def _cut(asked: _Asked, delivery: Delivery) -> tuple[str, str, date | None]:
    due = delivery.due_date
    mutes = {each["text"]: each["filter"] for each in delivery.mutes}
    # By the filters that the digest was made with.
    matched = any(asked.is_found_by(each["text"]) for each in delivery.filters)
    if matched and (muted := _muted_by(asked, mutes)):
        return "muted", f"It was muted by you: {muted}.", due
    if delivery.state == Delivery.State.SKIPPED:
        reason = f"The digest of {due} was skipped: {delivery.reason}."
        return "not_sent", reason, due
    if not delivery.filters:
        return "unknown", f"What the digest of {due} held is no longer kept.", due
    if matched:
        shown = len(delivery.picks) - delivery.left_out
        reason = (
            f"The digest of {due} was full: {shown} of {delivery.matched} papers "
            "had room."
        )
        return "cut", reason, due
    return "not_sent", f"The filters were others when {due}'s digest was made.", due


def _muted_by(asked: _Asked, mutes: Mapping[str, str]) -> str:
    """Which of these terms, each with its filter, it has, as their reader wrote them;
    "" for none."""
    return ", ".join(t for t, filter_ in mutes.items() if asked.is_found_by(filter_))


def _picked_in(reader: Subscriber, paper: Paper) -> Delivery | None:
    """The digest that has it; what a mail had no room for is not in it."""
    for delivery in reader.deliveries.kept().exclude(picks=[]):
        picks = delivery.picks[: len(delivery.picks) - delivery.left_out]
        if any(pick["paper"] == paper.pk for pick in picks):
            return delivery
    return None
