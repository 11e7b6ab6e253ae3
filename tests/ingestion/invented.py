"""Invented papers in every shape that sources send."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

ABSTRACT = "We invent a paper. It shows nothing, at length."


def an_hf_item(arxiv_id: str, day: date | None = None, **fields: Any) -> dict[str, Any]:
    """An item of 2026; `day` is submittedOnDailyAt. Fields of the list (numComments,
    submittedBy, mediaUrls) go outside, all others into the paper."""
    outside = {"numComments": 2, "submittedBy": {"fullname": "S. Sample", "user": "s"}}
    inside = {
        "id": arxiv_id,
        "authors": [{"name": "A. Sample", "hidden": False}, {"name": "B. Placeholder"}],
        "publishedAt": "2026-07-03T00:00:00.000Z",
        "title": f"Invented paper {arxiv_id}",
        "summary": ABSTRACT,
        "upvotes": 5,
    }
    if day is not None:
        inside["submittedOnDailyAt"] = f"{day}T00:00:00.000Z"
    for name, value in fields.items():
        (outside if name in {*outside, "mediaUrls"} else inside)[name] = value
    return {"paper": inside, "publishedAt": inside["publishedAt"], **outside}


def hf_json(*items: object) -> bytes:
    return json.dumps(items).encode()


def a_line(arxiv_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": arxiv_id,
        "categories": ["cs.LG", "cs.CL"],
        "authors": ["A. Sample", "B. Placeholder"],
        "title": f"Invented paper {arxiv_id}",
        "comment": None,
        "summary": ABSTRACT,
    } | fields


def json_lines(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


def an_rss_item(arxiv_id: str, announce: str = "new", **fields: str) -> str:
    """`title`, `abstract`, `creator` and `categories` (parted by blanks) may differ."""
    told = {
        "title": f"Invented paper {arxiv_id}",
        "abstract": ABSTRACT,
        "creator": "A. Sample, B. Placeholder",
        "categories": "cs.LG cs.CL",
    } | fields
    terms = "".join(
        f"<category>{each}</category>" for each in told["categories"].split()
    )
    return f"""<item><title>{escape(told["title"])}</title>
      <link>https://arxiv.org/abs/{arxiv_id}</link>
      <description>arXiv:{arxiv_id}v1 Announce Type: {announce} \n\
Abstract: {escape(told["abstract"])}</description>
      <guid isPermaLink="false">oai:arXiv.org:{arxiv_id}v1</guid>{terms}
      <arxiv:announce_type>{announce}</arxiv:announce_type>
      <dc:creator>{escape(told["creator"])}</dc:creator></item>"""


def an_rss_feed(day: date, items: Iterable[str]) -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
    <rss xmlns:arxiv="http://arxiv.org/schemas/atom"
         xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
      <title>updates</title>
      <pubDate>{day:%a, %d %b %Y} 00:00:00 -0400</pubDate>
      {"".join(items)}
    </channel></rss>""".encode()


def an_atom_entry(arxiv_id: str, published: str) -> str:
    return f"""<entry><id>http://arxiv.org/abs/{arxiv_id}v2</id>
      <title>Invented paper\n  {arxiv_id}</title>
      <summary>  {ABSTRACT}</summary>
      <category term="cs.LG"/><category term="cs.CL"/>
      <published>{published}</published>
      <arxiv:comment>7 pages</arxiv:comment>
      <arxiv:primary_category term="cs.CL"/>
      <author><name>A. Sample</name></author></entry>"""


def an_atom_feed(*entries: str, total: int | None = None) -> bytes:
    count = len(entries) if total is None else total
    return f"""<?xml version='1.0' encoding='UTF-8'?>
    <feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
          xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
      <opensearch:totalResults>{count}</opensearch:totalResults>
      {"".join(entries)}</feed>""".encode()


def an_oai_record(arxiv_id: str, metadata: str) -> str:
    return f"""<record><header><identifier>oai:arXiv.org:{arxiv_id}</identifier>
      <datestamp>2026-07-07</datestamp></header>
      <metadata>{metadata}</metadata></record>"""


def an_oai_answer(*records: str, verb: str = "ListRecords", rest: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
      <responseDate>2026-07-07T01:00:00Z</responseDate>
      <{verb}>{"".join(records)}{rest}</{verb}></OAI-PMH>""".encode()
