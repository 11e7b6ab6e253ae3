"""`bench`: figures against baselines, small here; it fails where engines disagree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import dkim
import pytest
from django.db import connection

from subscriptions import consent
from subscriptions.benchmarks import assemble, databases, scanners, signing
from subscriptions.benchmarks import match as bench_match
from subscriptions.benchmarks import search as bench_search
from subscriptions.benchmarks.baselines import Disagreement, FullText, full_text, naive
from subscriptions.benchmarks.mix import Mix
from subscriptions.matching import Matcher, canonical, parse, parse_canonical
from subscriptions.matching.index import numbers
from subscriptions.matching.tokens import words
from subscriptions.models import Paper, Subscriber
from subscriptions.rendering import digest
from tests.factories import a_reader

from .asking import ask, refusal


def test_match_measures_in_a_database_of_its_own() -> None:
    """No database of this test is open: touching one would fail."""
    sizes = ["--papers=40", "--filters=300", "--subscribers=500", "--rounds=1"]
    figures = ask("bench", "match", *sizes)
    assert {
        "match_s",
        "compile_s",
        "vs_fts5",
        "vs_naive",
        "growth_30x",
        "add_one_ms",
        "picks_1m_s",
        "picks_load_s",
        "peak_rss_mb",
    } <= figures.keys()
    assert all(value > 0 for value in figures.values())
    assert (figures["papers"], figures["filters"]) == (40, 300)


def test_preview_measures_ten_editions_of_its_own() -> None:
    figures = ask("bench", "preview", "--papers=5")
    assert (figures["papers"], figures["days"]) == (50, 10)
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


def test_assemble_measures_against_the_usual_ways() -> None:
    figures = ask("bench", "assemble", "--digests=20", "--rounds=1")
    assert {"ms_per_digest", "vs_django_premailer", "vs_jinja_inlined"} <= set(figures)
    assert figures["django_premailer_ms"] > figures["jinja_inlined_ms"] > 0
    assert (figures["papers"], figures["full_abstracts"]) == (10, 10)
    by_default = {"by_default_papers": 12, "by_default_full_abstracts": 8}
    assert by_default.items() <= figures.items()
    assert figures["kb_per_digest"] < figures["by_default_kb_per_digest"]
    assert figures["dkimpy_ms"] > figures["dkim_ms"] > 0
    assert figures["dkim_vs_dkimpy"] > 1


def test_signing_is_measured_only_where_dkimpy_believes_the_signature() -> None:
    old = next(assemble.digests(1))  # of a summer day: its signature has expired
    with pytest.raises(dkim.ValidationError, match="is past"):
        signing.measure([digest(old).message], rounds=1)


@pytest.mark.django_db(transaction=True)
def test_search_measures_every_kind_in_a_database_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On PostgreSQL one is made beside that of the tests, and dropped."""
    monkeypatch.setattr(databases, "token_hex", lambda octets: "of_search")
    figures = ask("bench", "search", "--papers=40", "--rounds=1")
    assert figures["engine"].split()[0] == connection.display_name
    assert figures["papers"] == 40
    kinds = figures["kinds"]
    assert {"a rare word", "a phrase", "an author", "everything"} <= kinds.keys()
    for each in kinds.values():
        assert 0 < each["best_ms"] <= each["best_p95_ms"]
        assert 0 < each["newest_ms"] <= each["newest_p95_ms"]
    assert kinds["everything"]["found"] == 40
    assert kinds["a rare word"]["found"] == 1
    assert kinds["a common word"]["vs_like"] > 0
    assert not Paper.objects.exists()
    assert not is_left("of_search")


def is_left(name: str) -> bool:
    """Whether a temporary database of that name is there; others may be at work."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        cursor.execute(known, [f"paper_round_bench_{name}"])
        return cursor.fetchone() is not None


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_where_no_database_can_be_made_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(databases, "token_hex", lambda length: "no name")
    said = refusal("bench", "search", "--papers=1")
    assert 'syntax error at or near "name"' in said
    assert "the right CREATEDB" in said


def test_every_kind_of_search_is_a_filter_and_no_two_are_the_same() -> None:
    mix, counts = Mix(), Counter[str]()
    for document in mix.papers(60):
        counts.update(words(document.abstract))
    asked = bench_search.queries(mix, counts, 60)
    for kind, texts in asked.items():
        assert len(texts) == bench_search.QUERIES
        assert len({canonical(parse(text)) for text in texts}) == (
            1 if kind == "everything" else bench_search.QUERIES
        )


@pytest.mark.django_db(transaction=True)  # PostgreSQL tidies up outside of one
def test_a_search_that_finds_what_like_does_not_stops_the_measuring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_search, "by_like", lambda words, page: [])
    with pytest.raises(Disagreement):
        bench_search.measure(papers=20, rounds=1, say=lambda text: None)


def test_scanners_opens_every_link_of_every_mail_and_finds_nothing_changed() -> None:
    sizes = ["--mails=3", "--papers=20", "--processes=1"]
    figures = ask("bench", "scanners", *sizes)
    assert (figures["mails"], figures["writes"], figures["failed"]) == (3, 0, 0)
    # of each mail twelve papers, and at least unsubscribe, preferences and web copy
    assert figures["links"] >= 3 * (12 + 3)
    assert figures["requests"] == 2 * figures["links"]
    assert 0 < figures["tune_p50_ms"] <= figures["tune_p95_ms"]
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


@pytest.mark.django_db
def test_scanners_sees_a_row_that_is_added_changed_or_deleted() -> None:
    reader, before = a_reader(), scanners.rows()
    assert scanners.differing(before, scanners.rows()) == 0
    Subscriber.objects.update(hour=9)
    assert scanners.differing(before, scanners.rows()) == 2  # as it was, as it is
    before = scanners.rows()
    consent.mute(reader.pk, consent.Wanted("survey", "survey"))
    # the mute, its filter, the record of the change
    assert scanners.differing(before, scanners.rows()) >= 3
    before = scanners.rows()
    Subscriber.objects.all().delete()
    assert scanners.differing(before, scanners.rows()) >= 1


def test_a_size_that_makes_no_sense_is_refused() -> None:
    said = refusal("bench", "match", "--papers=0")
    assert said == "--papers takes a number from 1 up."


def test_all_engines_find_the_same_papers_in_the_mix() -> None:
    mix = Mix()
    documents = list(mix.papers(60))
    texts = mix.filters(1500)
    queries = list(map(parse_canonical, texts))
    matcher = Matcher()
    for number, text in enumerate(texts):
        matcher.add(number, text)
    matches = matcher.match(documents)
    own = [list(numbers(matches.documents(number))) for number in range(len(texts))]
    assert sum(map(bool, own)) > 50
    rows = FullText(documents).run(map(full_text, queries))
    assert [[row for (row,) in some] for some in rows] == own
    assert naive(queries, documents) == own


@pytest.mark.django_db
def test_engines_that_disagree_stop_the_measuring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_match, "full_text", lambda query: '"the"')
    with pytest.raises(Disagreement):
        bench_match.measure(
            papers=20, filters=60, subscribers=10, rounds=1, say=lambda text: None
        )


def test_the_mix_is_the_same_for_the_same_seed() -> None:
    one, other = Mix(), Mix()
    assert list(one.papers(5)) == list(other.papers(5))
    assert one.filters(50) == other.filters(50)
    assert one.filters(50) != Mix(2).filters(50)


def test_rank_counts_ties_and_cuts_over_real_days(shared: Path) -> None:
    files = [
        str(shared / "data" / "hf_daily" / "2026-06-24.json"),
        str(shared / "data" / "arxiv_daily" / "2026-06-24.jsonl"),
    ]
    figures = ask("bench", "rank", "--file", *files)
    assert figures["days"] == 1
    assert figures["author_papers"] >= 100
    assert figures["author_cut"] == 0
    assert figures["narrow_cut_share"] <= 0.1
    assert figures["hf_in_top"] > 2 * figures["hf_in_top_expected"] > 0


@pytest.mark.django_db
def test_rank_without_a_day_of_both_sources_says_so() -> None:
    assert "no day with an edition of both" in refusal("bench", "rank")
