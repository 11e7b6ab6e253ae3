"""SpamAssassin, offline, finds nothing in our mails to speak of."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from subscriptions import gallery
from subscriptions.rendering import Entry, digest

from .mails import digest_of, entry, numbered_messages, reason

MOST = 1.0
# They would come from how a mail is made, and never mean its papers.
FORBIDDEN = re.compile(
    r"HTML_TITLE_SUBJ_DIFF|HTML_FONT_LOW_CONTRAST|HTML_IMAGE_ONLY.*|MIME_HTML_ONLY.*"
    r"|HTML_SHORT_LINK_IMG.*|MPART_ALT_DIFF.*|MISSING_.*|INVALID_.*|EMPTY_MESSAGE"
    r"|SUBJECT_NEEDS_ENCODING|SUBJ_ILLEGAL_CHARS|FROM_EXCESS_BASE64|TO_NO_BRKTS.*"
    r"|UNPARSEABLE_RELAY|MIME_.*|.*_BAD_.*"
)
# No bonus for being a list: it would hide a rule or two.
RULES = ["score MAILING_LIST_MULTI 0", "use_bayes 0", "use_auto_welcomelist 0"]
# Two phrases of nothing but long words: authors write so (2 of 50 recorded digests),
# and an abstract is not ours to change.
ABSTRACTS_MAY = ["score LONGWORDS 0"]


@pytest.fixture(autouse=True)
def service(settings: Settings) -> None:
    settings.EMAIL_FROM = "Paper Round <digest@papers.example.org>"
    settings.LIST_ID = "digest.papers.example.org"
    settings.CONTACT = "papers@example.org"
    settings.POSTAL_ADDRESS = "Example Library, 1 Sample Street, Sampletown"


@pytest.fixture
def program() -> str:
    found = shutil.which("spamassassin")
    if not found:
        reason = "no spamassassin: apt-get install spamassassin"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


Verdict = tuple[float, list[str]]  # the score, the rules that hit


def judged(
    program: str, mails: Sequence[bytes], home: Path, rules: Sequence[str] = RULES
) -> list[Verdict]:
    """The verdict on each mail. One process judges many, as Perl starts slowly, and a
    second one helps it."""
    numbered = numbered_messages(mails)
    halves = [half for half in (numbered[::2], numbered[1::2]) if half]
    found: dict[int, Verdict] = {}
    with ThreadPoolExecutor() as pool:
        for verdicts in pool.map(lambda half: _run(program, half, home, rules), halves):
            found |= verdicts
    return [found[number] for number in range(len(mails))]


def _run(
    program: str, mails: Sequence[bytes], home: Path, rules: Sequence[str]
) -> dict[int, Verdict]:
    """By the number in the Message-ID: an mbox comes back in another order."""
    mbox = b"".join(
        b"From digest@papers.example.org Tue Jul  7 05:00:00 2026\n" + mail + b"\n"
        for mail in mails
    )
    answer = subprocess.run(
        [program, "-L", "--mbox", "--nocreate-prefs", *(f"--cf={r}" for r in rules)],
        input=mbox,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C"},
        capture_output=True,
        check=True,
        timeout=300 + 30 * len(mails),  # a busy machine took more than 300 for 25
    )
    assert answer.stderr == b""
    return {
        int(number): (float(score), re.split(r"[,\s]+", hits.strip()))
        for score, hits, number in re.findall(
            r"X-Spam-Status: \w+, score=(\S+) required=\S+ tests=([A-Z0-9_,\s]+)\s"
            r"autolearn.*?^Message-ID: <(\d+)\.",
            answer.stdout.decode(),
            flags=re.MULTILINE | re.DOTALL,
        )
    }


def without(message: bytes, header: bytes) -> bytes:
    return re.sub(rb"\r\n" + header + rb":[^\r]*", b"", message)


def test_a_fault_of_our_own_making_would_be_found(program: str, tmp_path: Path) -> None:
    good = digest(digest_of()).message
    title = re.sub(rb"<title>", b"<title>" + b"And more =\r\n" * 20, good)
    html_only = re.sub(
        rb"(?s)--=_\w+\r\nContent-Type: text/plain.*?(?=\r\n--=_)", b"", good
    )
    found = judged(program, [without(good, b"Date"), title, html_only], tmp_path)
    for (_, rules), expected in zip(
        found, ["MISSING_DATE", "HTML_TITLE_SUBJ_DIFF", "MIME_HTML_ONLY"], strict=True
    ):
        assert expected in rules


def test_nothing_speaks_against_the_mails_of_the_gallery(
    program: str, tmp_path: Path
) -> None:
    every = gallery.mails()
    names = list(every)[:: max(1, len(every) // 12)][:12]
    mails = [every[name].message for name in names]
    found = judged(program, mails, tmp_path)
    assert wrong(dict(zip(names, found, strict=True))) == {}


def wrong(found: dict[str, Verdict]) -> dict[str, Verdict]:
    return {
        name: (score, rules)
        for name, (score, rules) in found.items()
        if score > MOST or any(map(FORBIDDEN.fullmatch, rules))
    }


@pytest.mark.full
def test_nothing_speaks_against_fifty_digests_of_recorded_days(
    program: str, shared: Path, tmp_path: Path
) -> None:
    mails = list(islice(recorded(shared), 50))
    assert len(mails) == 50
    found = judged(program, mails, tmp_path, [*RULES, *ABSTRACTS_MAY])
    assert wrong({str(at): each for at, each in enumerate(found)}) == {}


def recorded(shared: Path) -> Iterator[bytes]:
    """Digests of ten papers each, of all that Hugging Face listed on some days."""
    for path in sorted((shared / "data/hf_daily").glob("*.json"), reverse=True):
        papers = [item["paper"] for item in json.loads(path.read_text())]
        for at in range(0, len(papers) - 9, 10):
            yield digest(digest_of(*map(recorded_entry, papers[at : at + 10]))).message


def recorded_entry(paper: dict[str, Any]) -> Entry:
    return entry(
        reason("Everything", (paper["title"].split()[0], "title")),
        source="Hugging Face",
        arxiv_id=paper["id"],
        title=paper["title"],
        abstract=paper["summary"],
        authors=tuple(author["name"] for author in paper["authors"]),
        upvotes=paper.get("upvotes", 0),
        summary=paper.get("ai_summary") or "",
        code_url=paper.get("githubRepo") or "",
    )
