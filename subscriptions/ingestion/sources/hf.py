"""Hugging Face's daily papers: the JSON list that its API answers, since May 2024.

Keys came and went over the years; only the paper's id and title are needed. Shapes:
https://huggingface.co/docs/hub/api (`/api/daily_papers`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from subscriptions.ingestion import records
from subscriptions.ingestion.fetch import Fetcher, FetchError
from subscriptions.ingestion.reading import Reading, each
from subscriptions.ingestion.records import PaperRecord, Unusable

from .text import json_value

PAGE = 100  # the API's largest
SHORT = 50  # its usual one: a server that gives no larger ones has the next page too
PAGES = 20


class _User(msgspec.Struct, rename="camel"):
    fullname: Any = None
    name: Any = None
    user: Any = None


class _Paper(msgspec.Struct, rename="camel"):
    id: str
    title: Any = None
    summary: Any = None
    authors: Any = None
    published_at: Any = None
    submitted_on_daily_at: Any = None
    submitted_on_daily_by: Any = None
    upvotes: Any = None
    ai_summary: Any = msgspec.field(default=None, name="ai_summary")
    ai_keywords: Any = msgspec.field(default=None, name="ai_keywords")
    github_repo: Any = None
    project_page: Any = None
    organization: Any = None


class _Item(msgspec.Struct, rename="camel"):
    paper: _Paper
    title: Any = None
    summary: Any = None
    num_comments: Any = None
    submitted_by: Any = None
    organization: Any = None
    submitter_organization: Any = None


def _called(given: Any) -> str:
    """The name of a user or an organisation, the full one first."""
    try:
        person = msgspec.convert(given, _User)
    except msgspec.ValidationError:
        return ""
    either = (person.fullname, person.name, person.user)
    return next(filter(None, (records.line(name, records.NAME) for name in either)), "")


def _authors(given: Any) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else []
    called = (who.get("name") if isinstance(who, dict) else who for who in listed)
    return records.names(called, records.AUTHORS)


def _record(given: object) -> PaperRecord:
    try:
        item = msgspec.convert(given, _Item)
    except msgspec.ValidationError as error:
        raise Unusable(f"An item is not one of the daily papers ({error})") from error
    paper = item.paper
    arxiv_id = records.paper_id(paper.id)
    belongs = paper.organization or item.organization or item.submitter_organization
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="hf",
        title=records.title(paper.title or item.title, arxiv_id),
        abstract=records.paragraphs(paper.summary or item.summary),
        authors=_authors(paper.authors),
        day=records.day(paper.published_at),
        upvotes=records.count(paper.upvotes),
        comments=records.count(item.num_comments),
        code_url=records.link(paper.github_repo),
        project_url=records.link(paper.project_page),
        organisation=_called(belongs),
        submitter=_called(item.submitted_by or paper.submitted_on_daily_by),
        summary=records.line(paper.ai_summary, records.SUMMARY),
        keywords=records.names(paper.ai_keywords, records.KEYWORDS),
        listed_on=records.day(paper.submitted_on_daily_at),
    )


def read(body: bytes) -> Reading:
    value, problem = json_value(body)
    if not isinstance(value, list):
        if not problem:
            said = value.get("error") if isinstance(value, dict) else value
            shown = records.line(said, 200) or type(value).__name__
            shown = "null" if value is None else shown
            problem = f"It holds no list of papers but: {shown}."
        return Reading(source="hf", problem=problem)
    found, rejected = each(value, _record)
    return Reading("hf", found, rejected, problem)


def fetch(fetcher: Fetcher, base: str, day: date, today: date) -> Reading:
    """All pages of `day`. What had come when a page failed is in the reading.

    `today` (UTC) may be answered with 400 for a while: it has not opened there yet.
    """
    found: dict[str, PaperRecord] = {}
    rejected: list[str] = []
    problem = ""
    for number in range(PAGES):
        asked = {"date": day.isoformat(), "limit": str(PAGE), "p": str(number)}
        try:
            page = read(fetcher.get(f"{base}/api/daily_papers", asked))
        except FetchError as error:
            if error.status == 400 and day >= today and not number:
                return Reading("hf", notes=(f"{day} has not opened there yet.",))
            problem = str(error)
            break
        rejected += page.rejected
        fresh = {
            each.arxiv_id: each for each in page.records if each.arxiv_id not in found
        }
        found |= fresh
        problem = page.problem
        # Some servers answer every page number with the same page.
        if problem or not fresh or len(page.records) + len(page.rejected) < SHORT:
            break
    return Reading("hf", tuple(found.values()), tuple(rejected), problem)
