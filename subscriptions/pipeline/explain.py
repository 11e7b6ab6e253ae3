"""Why a reader did or did not get a paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from subscriptions import matching, rounds
from subscriptions.models import Delivery, Edition, Listing, Paper, Subscriber


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

    Verdicts: `sent`, `waiting`, `cut`, `not_sent`, `unmatched`, `unlisted`,
    `upcoming`, `unknown`.
    """

    verdict: str
    reason: str
    due_date: date | None
    filters: tuple[FilterVerdict, ...]


def explain(address: str, arxiv_id: str) -> Explanation:
    """Say what became of a paper for a reader. Raises Subscriber.DoesNotExist."""
    reader = Subscriber.objects.at(address).get()
    paper = Paper.objects.filter(arxiv_id=arxiv_id).first()
    if paper is None:
        reason = f"{arxiv_id} is not stored: no source listed it here."
        return Explanation("unknown", reason, None, ())
    listings = list(paper.listings.select_related("paper", "edition"))
    filters = tuple(_verdicts(reader, paper, listings))
    verdict, reason, due = _fate(reader, paper, listings, filters)
    return Explanation(verdict, reason, due, filters)


def _verdicts(
    reader: Subscriber, paper: Paper, listings: list[Listing]
) -> list[FilterVerdict]:
    documents = [matching.Document.of_listing(each) for each in listings]
    documents = documents or [matching.Document.of_paper(paper)]
    verdicts = []
    for each in reader.subscriptions.select_related("filter"):
        query = matching.parse_canonical(each.filter.text)
        explained = [matching.explain(query, document) for document in documents]
        spans = next((found for found in explained if found is not None), None)
        verdicts.append(
            FilterVerdict(
                name=each.label,
                enabled=each.enabled,
                matches=spans is not None,
                words=tuple(dict.fromkeys(span.text for span in spans or ())),
                why_not=""
                if spans is not None
                else matching.why_not(query, documents[-1]),
            )
        )
    return verdicts


def _fate(
    reader: Subscriber,
    paper: Paper,
    listings: list[Listing],
    filters: tuple[FilterVerdict, ...],
) -> tuple[str, str, date | None]:
    delivery = _picked_in(reader, paper)
    if delivery and delivery.state == Delivery.State.SENT:
        return "sent", f"In the digest of {delivery.due_date}.", delivery.due_date
    if delivery:
        reason = f"In the digest of {delivery.due_date}, which is {delivery.state}."
        return "waiting", reason, delivery.due_date
    if not any(each.matches and each.enabled for each in filters):
        return "unmatched", "None of the reader's filters finds it.", None
    editions = [each.edition for each in listings if each.edition]
    if not editions:
        return "unlisted", "No edition lists it: it came too late to be mailed.", None
    return _not_picked(reader, editions)


def _not_picked(
    reader: Subscriber, editions: list[Edition]
) -> tuple[str, str, date | None]:
    """It matches and an edition lists it, and no digest has it."""
    for edition in editions:
        if edition.state == Edition.State.OPEN:
            return "upcoming", f"{edition} is not published yet.", None
        key = {"source": edition.source, "day": edition.day.isoformat()}
        for delivery in reader.deliveries.filter(due_date__gte=edition.day)[:60]:
            if any(key.items() <= each.items() for each in delivery.editions):
                return _cut(delivery)
    covered = reader.covered
    edition = editions[-1]
    if edition.day.isoformat() > covered.get(edition.source, ""):
        due = rounds.next_due(reader, edition.day)
        return "upcoming", f"The next digest covers {edition}.", due
    return "not_sent", f"{edition} was out before the reader's first digest.", None


def _cut(delivery: Delivery) -> tuple[str, str, date | None]:
    due = delivery.due_date
    if delivery.state == Delivery.State.SKIPPED:
        reason = f"The digest of {due} was skipped: {delivery.reason}."
        return "not_sent", reason, due
    if delivery.picks:
        reason = (
            f"The digest of {due} was full: {len(delivery.picks)} of "
            f"{delivery.matched} papers had room."
        )
        return "cut", reason, due
    return "not_sent", f"The filters were others when {due}'s digest was made.", due


def _picked_in(reader: Subscriber, paper: Paper) -> Delivery | None:
    for delivery in reader.deliveries.exclude(picks=[]):
        if any(pick["paper"] == paper.pk for pick in delivery.picks):
            return delivery
    return None
