"""What hostile or broken sources send ends in a sentence, never in an exception.

The numbers are those of the list of bad inputs that the project is tested against.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, Listing, Paper, SourceRun

from .conftest import NOON, TUESDAY, Take, words
from .invented import (
    ABSTRACT,
    a_line,
    an_atom_entry,
    an_atom_feed,
    an_hf_item,
    an_oai_answer,
    an_rss_feed,
    an_rss_item,
    hf_json,
    json_lines,
)
from .stub_source import Fault, StubSource

pytestmark = pytest.mark.django_db
GOOD = an_hf_item("2607.00001", TUESDAY)
HTML = b"<!DOCTYPE html><html><body>We are back soon</body></html>"

BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">
 <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
 <rss><channel><item><title>&c;</title></item></channel></rss>"""
QUADRATIC = b'<!DOCTYPE rss [<!ENTITY a "%s">]><rss>%s</rss>' % (
    b"x" * 9999,
    b"&a;" * 999,
)
XXE = b"""<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>
 <rss><channel><item><title>&x;</title></item></channel></rss>"""
DTD = b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss><channel/></rss>'


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault(body=HTML), "an HTML page", id="html with status 200 (29)"),
        pytest.param(Fault(body=b""), "it is empty", id="nothing (29)"),
        pytest.param(Fault(body=b"null"), "null", id="null (29)"),
        pytest.param(Fault(body=b"{}"), "no list", id="an object (29)"),
        pytest.param(Fault(body=b'{"error": "gone"}'), "gone", id="an error (29)"),
        pytest.param(Fault(body=hf_json(GOOD)[:-20]), "not whole JSON", id="half (28)"),
        pytest.param(Fault(body=b"[" * 100_000), "not whole JSON", id="nested"),
        pytest.param(Fault(status=500), "answered 500", id="500"),
        pytest.param(Fault(status=404), "answered 404", id="404"),
        pytest.param(
            Fault(body=hf_json(GOOD), cut=9), "could not be read", id="cut off"
        ),
    ],
)
def test_a_day_that_cannot_be_read_is_down_and_makes_no_edition(
    stub: StubSource, caplog: pytest.LogCaptureFixture, fault: Fault, reason: str
) -> None:
    stub.fault = fault
    taken = ingestion.ingest_source("hf", TUESDAY, NOON, words)
    run = SourceRun.objects.get()
    assert (taken.state, run.state, run.attempt) == ("down", "down", 1)
    assert reason in run.reason
    assert run.reason.endswith(".")
    assert not Edition.objects.exists()
    assert all(record.exc_info is None for record in caplog.records)
    assert all(record.levelno <= logging.WARNING for record in caplog.records)


def test_an_empty_list_is_a_quiet_day_and_no_edition(stub: StubSource) -> None:
    taken = ingestion.ingest_source("hf", TUESDAY, NOON, words)
    assert (taken.state, taken.reasons) == ("quiet", ())
    assert SourceRun.objects.get().state == "quiet"
    assert not Edition.objects.exists()


def test_an_item_with_ten_megabytes_of_title_costs_that_item_only(
    stub: StubSource,
) -> None:
    stub.hf[TUESDAY] = [GOOD, an_hf_item("2607.00002", TUESDAY, title="x" * 10_000_000)]
    taken = ingestion.ingest_source("hf", TUESDAY, NOON, words)
    assert (taken.state, taken.new, taken.rejected) == ("partial", 1, 1)
    assert taken.reasons == (
        "2607.00002 has a title of 10,000,000 characters; at most 1,000 are taken.",
    )
    assert Edition.objects.get().papers == 1


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        [],
        "2607.00002",
        {},
        {"paper": None},
        {"paper": {"id": None, "title": "x"}},
        {"paper": {"id": "wrong", "title": "x"}},
        {"paper": {"id": "2607.00002", "title": "   "}},
        {"paper": {"id": "2607.00002"}},
    ],
)
def test_an_unusable_item_costs_that_item_only_41(take: Take, item: object) -> None:
    taken = take(hf_json(item, GOOD))
    assert (taken.state, taken.seen, taken.rejected) == ("partial", 1, 1)
    assert taken.reasons[0].endswith(".")


@pytest.mark.parametrize("body", [BOMB, QUADRATIC, XXE, DTD])
def test_entities_and_document_types_are_refused_26(take: Take, body: bytes) -> None:
    taken = take(body)
    assert (taken.state, taken.seen) == ("down", 0)
    assert "refused" in taken.reasons[0]


@pytest.mark.parametrize("body", [BOMB, QUADRATIC, XXE, DTD, HTML, b"", b"[]", b"null"])
def test_a_feed_that_is_none_is_down_26_29(stub: StubSource, body: bytes) -> None:
    stub.rss = body
    taken = ingestion.ingest_source("arxiv", None, NOON, words)
    assert (taken.state, taken.seen) == ("down", 0)
    assert SourceRun.objects.get().day == TUESDAY
    assert not Edition.objects.exists()


def test_of_xml_that_breaks_off_what_came_before_is_kept_28(take: Take) -> None:
    items = [an_rss_item(f"2607.0000{number}") for number in (1, 2, 3)]
    taken = take(an_rss_feed(TUESDAY, items)[:-400])
    assert (taken.state, taken.new) == ("partial", 2)
    assert "not whole XML" in taken.reasons[0]


def test_two_roots_are_one_document_too_many_28(take: Take) -> None:
    feed = an_rss_feed(TUESDAY, [an_rss_item("2607.00001")])
    taken = take(feed + b"<rss/>")
    assert (taken.state, taken.new) == ("partial", 1)


def test_a_wrong_charset_is_told_and_the_papers_are_kept_28(take: Take) -> None:
    latin = json.dumps([an_hf_item("2607.00001", title="Über")], ensure_ascii=False)
    taken = take(latin.encode("latin-1"))
    assert (taken.state, taken.new) == ("partial", 1)
    assert "not valid UTF-8" in taken.reasons[0]


def test_lone_surrogates_and_control_characters_are_dropped_28(take: Take) -> None:
    body = hf_json(an_hf_item("2607.00001", title="A\x00 \ud800title\x07"))
    assert take(body).state == "fresh"
    assert Paper.objects.get().title == "A title"


def test_a_lone_surrogate_where_an_object_belongs_costs_its_item_only_28(
    take: Take,
) -> None:
    user = an_hf_item("2607.00001") | {"submittedBy": "\ud800"}
    taken = take(hf_json(user, {"paper": "\ud800"}, "\ud800"))
    assert (taken.state, taken.new, taken.rejected) == ("partial", 1, 2)


@pytest.mark.parametrize(
    "body", [HTML, b"", b"null", b"  ", b"\x00\x01", b"<x/>", b"7"]
)
def test_a_file_of_no_known_format_is_named_29(take: Take, body: bytes) -> None:
    taken = take(body)
    assert (taken.state, taken.seen) == ("down", 0)
    assert SourceRun.objects.get().reason == taken.reasons[0]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    taken = ingestion.ingest_file(missing, TUESDAY, None, NOON, words)
    assert "No such file" in taken.reasons[0]


def test_atom_that_counts_results_and_holds_none_is_down_30(take: Take) -> None:
    assert take(an_atom_feed(total=5000)).state == "down"
    assert take(an_atom_feed(total=0)).state == "quiet"


def test_an_error_of_arxivs_api_is_its_own_words(take: Take) -> None:
    entry = """<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>
      <summary>incorrect id format for abc</summary></entry>"""
    taken = take(an_atom_feed(entry))
    assert (taken.state, taken.rejected) == ("down", 0)
    assert "incorrect id format for abc" in taken.reasons[0]


def test_the_same_page_for_every_page_number_ends_30(stub: StubSource) -> None:
    page = [an_hf_item(f"2607.{number:05d}", TUESDAY) for number in range(100)]
    stub.fault = Fault(body=hf_json(*page))
    taken = ingestion.ingest_source("hf", TUESDAY, NOON, words)
    assert (taken.seen, len(stub.requests)) == (100, 2)


def test_duplicate_ids_and_shuffled_order_are_one_paper_each_30(take: Take) -> None:
    lines = [a_line("2607.00002"), a_line("2607.00001"), a_line("2607.00002v3")]
    taken = take(json_lines(*lines))
    assert (taken.seen, taken.new, taken.listed) == (2, 2, 2)


@pytest.mark.parametrize(
    ("code", "state"),
    [("noRecordsMatch", "quiet"), ("badResumptionToken", "down"), ("badVerb", "down")],
)
def test_oai_errors_are_told_by_their_code_31(
    take: Take, code: str, state: str
) -> None:
    body = an_oai_answer().replace(
        b"<ListRecords></ListRecords>", f'<error code="{code}">sorry</error>'.encode()
    )
    taken = take(body)
    assert taken.state == state
    assert (code in " ".join(taken.reasons)) == (state == "down")


@pytest.mark.parametrize("when", ["", "0001-01-01", "9999-12-31", "2028-13-45", "x"])
def test_an_impossible_date_is_no_date_32(take: Take, when: str) -> None:
    assert take(hf_json(an_hf_item("2607.00001", publishedAt=when))).new == 1
    assert Paper.objects.get().day is None


def test_a_paper_dated_next_year_in_atom_does_not_stop_the_day_32(take: Take) -> None:
    soon = f"{datetime.now(tz=UTC).year + 1}-01-01T00:00:00Z"
    taken = take(an_atom_feed(an_atom_entry("2607.00001", soon)))
    assert taken.new == 1


def test_markup_in_a_title_is_text_35(take: Take) -> None:
    hostile = "<script>alert(1)</script> <!--[if mso]> {{ 7*7 }} ${x} </title>"
    take(hf_json(an_hf_item("2607.00001", title=hostile)))
    assert Paper.objects.get().title == hostile


def test_hostile_maths_is_kept_as_text_37(take: Take) -> None:
    maths = r"$\newcommand{\x}{\x\x}\x$ \input{/etc/passwd} $" + "{" * 200
    take(hf_json(an_hf_item("2607.00001", summary=maths)))
    assert Paper.objects.get().abstract == maths


def test_three_thousand_authors_are_stored_38(take: Take) -> None:
    many = [{"name": f"A. Sample {number}"} for number in range(3000)]
    take(hf_json(an_hf_item("2607.00001", authors=many)))
    assert len(Paper.objects.get().authors) == 3000


def test_hostile_links_are_dropped_and_the_paper_stays_39(take: Take) -> None:
    bad = an_hf_item("2607.00001", githubRepo="javascript:x()", projectPage="//evil")
    take(hf_json(bad))
    paper = Paper.objects.get()
    assert (paper.code_url, paper.project_url) == ("", "")


def test_a_megabyte_of_abstract_is_cut_40(take: Take) -> None:
    take(hf_json(an_hf_item("2607.00001", summary="word " * 200_000)))
    assert len(Paper.objects.get().abstract) <= 20_000


def test_versions_of_one_paper_are_one_paper_41(take: Take) -> None:
    take(hf_json(an_hf_item("2411.00001v1")))
    again = take(hf_json(an_hf_item("2411.00001V2 ")))
    assert (again.new, Paper.objects.count(), Listing.objects.count()) == (0, 1, 1)


def test_a_day_of_five_thousand_papers_goes_in_42(take: Take) -> None:
    lines = [a_line(f"2607.{number:05d}", summary=ABSTRACT) for number in range(5000)]
    taken = take(json_lines(*lines))
    assert (taken.new, taken.listed) == (5000, 5000)
    assert Edition.objects.get().papers == 5000
