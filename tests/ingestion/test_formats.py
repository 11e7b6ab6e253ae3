"""Every shape a source has sent, told by what it holds and not by its name."""

from __future__ import annotations

import time
from datetime import date

import pytest

from subscriptions.ingestion import files
from subscriptions.ingestion.records import PaperRecord

from .conftest import TUESDAY
from .invented import (
    ABSTRACT,
    a_line,
    an_atom_entry,
    an_atom_feed,
    an_hf_item,
    an_oai_answer,
    an_oai_record,
    an_rss_feed,
    an_rss_item,
    hf_json,
    json_lines,
)

ID = "2607.00001"


def only(body: bytes) -> PaperRecord:
    reading = files.read(body)
    assert (reading.problem, reading.rejected) == ("", ())
    (record,) = reading.records
    return record


def test_an_item_of_2026_gives_all_that_hugging_face_knows() -> None:
    item = an_hf_item(
        ID,
        TUESDAY,
        title="Invented\n  paper",
        ai_summary="One sentence.",
        ai_keywords=["samples"],
        githubRepo="https://github.com/example/code",
        projectPage=" https://example.org/page",
        organization={"name": "inst", "fullname": "Institute of Samples"},
    )
    record = only(hf_json(item))
    assert record == PaperRecord(
        arxiv_id=ID,
        source="hf",
        title="Invented paper",
        abstract=ABSTRACT,
        authors=("A. Sample", "B. Placeholder"),
        day=date(2026, 7, 3),
        upvotes=5,
        comments=2,
        code_url="https://github.com/example/code",
        project_url="https://example.org/page",
        organisation="Institute of Samples",
        submitter="S. Sample",
        summary="One sentence.",
        keywords=("samples",),
        listed_on=TUESDAY,
    )


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(an_hf_item(ID, mediaUrls=["https://x.example"]), id="2024-06"),
        pytest.param({"paper": {"id": ID, "title": "T", "upvotes": 0}}, id="bare"),
        pytest.param({"paper": {"id": ID}, "title": "T", "summary": "S"}, id="outside"),
        pytest.param(
            an_hf_item(ID, submittedBy=None, organization={"name": "x"}), id="2025-03"
        ),
        pytest.param(
            an_hf_item(ID, authors=None, upvotes="many", publishedAt=5),
            id="wrong types",
        ),
        pytest.param(an_hf_item(ID, somethingNew={"of": ["next", "year"]}), id="newer"),
    ],
)
def test_only_the_id_and_a_title_are_needed(item: object) -> None:
    assert only(hf_json(item)).arxiv_id == ID


def test_an_organisation_of_september_2025_was_called_otherwise() -> None:
    item = an_hf_item(ID) | {"submitterOrganization": {"fullname": "Samples"}}
    assert only(hf_json(item)).organisation == "Samples"


def test_json_lines_give_a_paper_per_line() -> None:
    record = only(json_lines(a_line(ID, comment="7 pages\n  and more")))
    assert record.source == "arxiv"
    assert record.categories == ("cs.LG", "cs.CL")
    assert record.note == "7 pages and more"
    assert record.listed_on is None


def test_rss_gives_abstract_authors_and_the_feeds_day() -> None:
    body = an_rss_feed(TUESDAY, [an_rss_item(ID, "cross", abstract="We $a < b$.")])
    record = only(body)
    assert (record.abstract, record.announce) == ("We $a < b$.", "cross")
    assert record.authors == ("A. Sample", "B. Placeholder")
    assert record.categories == ("cs.LG", "cs.CL")
    assert files.read(body).day == TUESDAY


def test_a_replacement_of_a_cross_list_is_a_replacement() -> None:
    body = an_rss_feed(TUESDAY, [an_rss_item(ID, "replace-cross")])
    assert only(body).announce == "replace"


def test_atom_gives_the_primary_category_first_and_the_first_versions_day() -> None:
    record = only(an_atom_feed(an_atom_entry(ID, "2026-07-05T23:59:00Z")))
    assert record.arxiv_id == ID
    assert record.title == f"Invented paper {ID}"
    assert record.categories == ("cs.CL", "cs.LG")
    assert (record.day, record.note) == (date(2026, 7, 5), "7 pages")


def test_oai_in_arxivs_own_format() -> None:
    metadata = f"""<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{ID}</id>
      <created>2026-07-05</created><updated>2026-07-07</updated><authors>
      <author><keyname>Sample</keyname><forenames>Ann B.</forenames></author>
      <author><keyname>:</keyname><forenames>Sample Collaboration</forenames></author>
      </authors><title>Invented paper</title><categories>cs.CL cs.LG</categories>
      <comments>7 pages</comments><abstract>{ABSTRACT}</abstract></arXiv>"""
    record = only(an_oai_answer(an_oai_record(ID, metadata)))
    assert record.authors == ("Ann B. Sample", "Sample Collaboration")
    assert (record.day, record.note) == (date(2026, 7, 5), "7 pages")
    assert (record.categories, record.abstract) == (("cs.CL", "cs.LG"), ABSTRACT)


def test_oai_in_the_raw_format_takes_the_day_of_version_one() -> None:
    metadata = f"""<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{ID}</id>
      <version version="v1"><date>Sun, 5 Jul 2026 08:26:30 GMT</date></version>
      <version version="v2"><date>Tue, 7 Jul 2026 05:29:13 GMT</date></version>
      <title>Invented paper</title>
      <authors>A. Sample (Institute), B. Placeholder and C. Specimen</authors>
      <categories>cs.LG</categories><abstract>{ABSTRACT}</abstract></arXivRaw>"""
    record = only(an_oai_answer(an_oai_record(ID, metadata)))
    assert record.day == date(2026, 7, 5)
    assert record.authors == ("A. Sample", "B. Placeholder", "C. Specimen")


def test_a_long_blank_among_the_authors_takes_no_time() -> None:
    began = time.monotonic()
    metadata = f"""<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
      <title>Invented paper</title><authors>A. Sample{" " * 40_000}and
      B. Placeholder</authors></arXivRaw>"""
    record = only(an_oai_answer(an_oai_record(ID, metadata)))
    assert record.authors == ("A. Sample", "B. Placeholder")
    assert time.monotonic() - began < 2  # ten seconds, and four times that for twice


def test_comments_before_a_root_that_is_none_take_no_time() -> None:
    began = time.monotonic()
    assert files.read(b"<!---->" * 25 + b"no paper").problem
    assert time.monotonic() - began < 2  # eight seconds, and twice that for one more


def test_oai_in_dublin_core_parts_the_comment_from_the_abstract() -> None:
    dc = "http://purl.org/dc/elements/1.1/"
    metadata = f"""<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
      xmlns:dc="{dc}"><dc:title>Invented paper</dc:title>
      <dc:creator>Sample, Ann B.</dc:creator><dc:description>{ABSTRACT}</dc:description>
      <dc:description>Comment: 7 pages</dc:description>
      <dc:date>2026-07-07</dc:date><dc:date>2026-07-05</dc:date></oai_dc:dc>"""
    record = only(an_oai_answer(an_oai_record("hep-th/9901001", metadata)))
    assert record.arxiv_id == "hep-th/9901001"
    assert (record.authors, record.note) == (("Ann B. Sample",), "7 pages")
    assert (record.day, record.abstract) == (date(2026, 7, 5), ABSTRACT)


def test_a_deleted_oai_record_is_no_paper_and_no_error() -> None:
    gone = """<record><header status="deleted">
      <identifier>oai:arXiv.org:2607.00002</identifier></header></record>"""
    reading = files.read(an_oai_answer(gone))
    assert (reading.records, reading.rejected, reading.problem) == ((), (), "")
    assert "1 records are marked deleted" in reading.notes[0]


def test_further_oai_pages_are_told() -> None:
    reading = files.read(an_oai_answer(rest="<resumptionToken>t</resumptionToken>"))
    assert "further pages" in reading.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_and_xml_come_in_any_unicode_encoding(encoding: str) -> None:
    item = hf_json(an_hf_item(ID, title="Über")).decode().encode(encoding)
    assert only(item).title == "Über"
    rss = an_rss_feed(TUESDAY, [an_rss_item(ID, title="Über")]).decode()
    rss = rss.replace("encoding='UTF-8'", "")
    assert only(rss.encode(encoding)).title == "Über"


def test_each_of_a_million_unusable_items_is_counted_and_not_each_is_told() -> None:
    """So that a list of fifty megabytes takes no gigabytes to say what is wrong."""
    rejected = files.read(b"[" + b"1," * 2_000 + b"1]").rejected
    assert len(rejected) == 2_001
    assert len(set(map(id, rejected))) == 1_001
