"""One real day, end to end: from a source's list to the inbox, and out again."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.end_to_end.service import ask, backend, eventually, mails_in
from tests.ingestion.invented import an_hf_item, an_rss_feed, an_rss_item
from tests.ingestion.stub_source import StubSource
from tests.up.running import environment, up

ADDRESS = "Reader@example.org"


@pytest.fixture
def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def stub(today: date) -> Iterator[StubSource]:
    """Hugging Face's day before yesterday; arXiv lists one of its papers too, and one
    more."""
    first = today - timedelta(days=2)
    with StubSource() as stub:
        stub.hf[first] = [
            an_hf_item("2611.00001", first, title="Curvature of Sample Losses"),
            an_hf_item("2611.00002", first, title="Folding Invented Proteins"),
            an_hf_item("2611.00003", first, title="A Survey of Curvatures"),
        ]
        stub.rss = an_rss_feed(
            first,
            [
                an_rss_item("2611.00001", title="Curvature of Sample Losses"),
                an_rss_item("2611.00004", title="Sharpness, Curvature and Sleep"),
            ],
        )
        yield stub


@pytest.mark.parametrize("kind", ["sqlite and files", "postgresql and redis"])
def test_a_day(
    kind: str, today: date, stub: StubSource, tmp_path: Path, page: Page
) -> None:
    second = today - timedelta(days=1)
    var = tmp_path / "var"
    settings = environment(
        var,
        SOURCES="hf,arxiv",
        HF_BASE_URL=stub.url,
        ARXIV_RSS_URL=stub.rss_url,
        **backend(kind, tmp_path),
    )
    site = settings["PUBLIC_URL"]
    with up(settings):
        # The page shows what the source listed, and someone signs up on it.
        page.goto(site)
        assert page.get_by_role(
            "heading", name="Folding Invented Proteins"
        ).is_visible()
        sign_up(page, "curvature -survey")
        assert "letter" in page.inner_text("main").lower()

        # A letter comes; opening its link changes nothing, its button does.
        (letter,) = eventually(lambda: mails_in(var))
        assert letter["To"] == ADDRESS
        page.goto(link(letter, r"/confirm/\S+"))
        assert len(mails_in(var)) == 1
        page.get_by_role("button", name="Yes").click()

        # The first digest has exactly the papers that match, each once.
        eventually(lambda: len(mails_in(var)) > 1)
        digest = mails_in(var)[1]
        assert papers_in(digest) == ["2611.00001", "2611.00004"]
        assert "Curvature" in text(digest)
        assert "welcome" in text(digest).lower()

        # The next day's round brings what is new, and running it again nothing.
        stub.hf[second] = [
            an_hf_item("2611.00001", second, title="Curvature of Sample Losses"),
            an_hf_item("2611.00005", second, title="Flat Minima, No Curvature"),
        ]
        # Beat may ask a moment earlier; what counts is that the list is in.
        listed = ask(settings, "ingest", "--source", "hf", "--day", str(second))
        assert listed["seen"] == 2
        round_ = ask(settings, "round", "--day", str(today + timedelta(days=1)))
        assert (round_["due"], round_["sent"]) == (1, 1)
        again = ask(settings, "round", "--day", str(today + timedelta(days=1)))
        assert (again["due"], again["sent"], again["skipped"]) == (1, 0, 0)
        assert papers_in(mails_in(var)[2]) == ["2611.00005"]

        # The inbox on the web shows it.
        page.goto(f"{site}/inbox/")
        assert page.get_by_text("Flat Minima").first.is_visible()

        # One click unsubscribes, without a cookie or a page.
        assert one_click(mails_in(var)[2]) == 200
        goodbye = eventually(lambda: mails_in(var)[3:])
        assert papers_in(goodbye[0]) == []

        # The day after, nothing.
        stub.hf[today] = [an_hf_item("2611.00006", today, title="More Curvature")]
        ask(settings, "ingest", "--source", "hf", "--day", str(today))
        after = ask(settings, "round", "--day", str(today + timedelta(days=2)))
        assert (after["due"], after["sent"]) == (0, 0)
        assert len(mails_in(var)) == 4

    log = (tmp_path / "up.log").read_text()
    assert "Traceback" not in log
    assert "example.org" not in log.replace("papers.example.org", "")


def sign_up(page: Page, filters: str) -> None:
    page.get_by_label("What do you work on?").fill(filters)
    page.get_by_label("Your e-mail address").fill(ADDRESS)
    page.wait_for_timeout(2100)  # nobody fills in a form faster than this
    page.get_by_role("button", name="Subscribe").click()


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link(mail: EmailMessage, pattern: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:\d+{pattern}", text(mail))
    assert found, text(mail)
    return found[0]


def papers_in(mail: EmailMessage) -> list[str]:
    return sorted(set(re.findall(r"arxiv\.org/abs/(\S+)", text(mail))))


def one_click(mail: EmailMessage) -> int:
    """RFC 8058: what a mail program posts when its button is pressed."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mail["List-Unsubscribe"]).split(",")[0].strip("<> ")
    request = urllib.request.Request(address, data=b"List-Unsubscribe=One-Click")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)
