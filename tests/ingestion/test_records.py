"""What sources put into their text, and what is left of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from subscriptions.ingestion import records
from subscriptions.ingestion.records import Unusable


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2411.00001", "2411.00001"),
        ("2411.00001v2", "2411.00001"),
        ("2411.00001V2", "2411.00001"),
        (" 2411.00001 ", "2411.00001"),
        ("0704.0001", "0704.0001"),
        ("0000.00001", "0000.00001"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("cond-mat/0001001", "cond-mat/0001001"),
    ],
)
def test_an_id_is_stored_without_version_and_case(given: str, stored: str) -> None:
    assert records.paper_id(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        "",
        "abc",
        "2411.001",
        "2411.000001",
        "٢٤١١.٠٠٠٠١",
        "hep-th/99",
        None,
        5,
        "x" * 10_000,
    ],
)
def test_another_id_is_refused_and_shown_with_what_would_be_right(
    given: object,
) -> None:
    with pytest.raises(
        Unusable, match=r"is not an arXiv id; one looks like"
    ) as refused:
        records.paper_id(given)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2607.01234", "2607.01234"),
        (" 2607.01234v12 ", "2607.01234"),
        ("arXiv:2607.01234", "2607.01234"),
        ("arXiv: 2607.01234v1", "2607.01234"),
        ("https://arxiv.org/abs/2607.01234v2", "2607.01234"),
        ("http://www.arxiv.org/pdf/2607.01234v2.pdf", "2607.01234"),
        ("https://arxiv.org/html/2607.01234v1#S3", "2607.01234"),
        ("export.arxiv.org/abs/2607.01234?context=cs", "2607.01234"),
        ("https://huggingface.co/papers/2607.01234", "2607.01234"),
        ("https://doi.org/10.48550/arXiv.2607.01234", "2607.01234"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/abs/math.GT/0309136v1", "math/0309136"),
        ("", ""),
        ("2607.01234 gradient", ""),
        ("-2607.01234", ""),
        ("2607.012345", ""),
        ("https://example.org/2607.01234", ""),
        ("https://arxiv.org/list/cs.LG/recent", ""),
        ("https://arxiv.org/abs/" * 10_000, ""),
    ],
)
def test_an_id_is_known_in_what_is_pasted_if_nothing_else_is_there(
    text: str, found: str
) -> None:
    assert records.pasted_id(text) == found


def test_a_wrapped_title_is_one_line() -> None:
    assert records.title("An invented\n  title", "x") == "An invented title"


def test_a_title_is_needed_and_not_endless() -> None:
    with pytest.raises(Unusable, match=r"2607\.1 has no title"):
        records.title(" \n ", "2607.1")
    with pytest.raises(
        Unusable, match="a title of 10,000,000 characters; at most 1,000"
    ):
        records.title("x" * 10_000_000, "2607.1")
    assert records.title("x" * 1000, "2607.1")


def test_hard_wraps_go_and_indented_lines_begin_a_paragraph() -> None:
    wrapped = "We wrap\nat eighty\nsigns.\n  Then a paragraph\nfollows."
    assert (
        records.paragraphs(wrapped)
        == "We wrap at eighty signs.\n\nThen a paragraph follows."
    )


def test_long_lines_are_paragraphs_already() -> None:
    long = "word " * 40
    assert records.paragraphs(f"{long}\n{long}") == f"{long.strip()}\n\n{long.strip()}"


def test_text_that_is_indented_throughout_is_one_paragraph() -> None:
    assert (
        records.paragraphs("Begins here\n   goes on\n   and on")
        == "Begins here goes on and on"
    )


def test_an_endless_abstract_is_cut_and_says_so() -> None:
    cut = records.paragraphs("word " * 1_000_000)
    assert len(cut) <= records.ABSTRACT
    assert cut.endswith("…")


def test_what_cannot_be_seen_is_removed_and_markup_is_kept() -> None:
    given = "a\x00b\x07 \ud800c \u202ed\u202c <script>x</script> $\\alpha$ \u200dz"
    assert records.line(given, 100) == "ab c d <script>x</script> $\\alpha$ \u200dz"


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert records.line("Schro\u0308dinger", 50) == "Schrödinger"


def test_marks_are_not_heaped_upon_a_letter() -> None:
    """To sort them takes the square of their number: ten seconds for an abstract."""
    heap = "e" + "\u0301\u0327" * 5_000
    assert records.paragraphs(f"{heap} and {heap}") == records.paragraphs(
        f"{heap[:31]} and {heap[:31]}"
    )


@pytest.mark.parametrize(
    "given",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://arxiv.org@evil.example/",
        "https://a b.example",
        "https://x.example/" + "y" * 4000,
        "http://[::1",
        "ftp://x.example",
        "https://",
        None,
        7,
    ],
)
def test_other_links_than_plain_http_are_dropped(given: object) -> None:
    assert records.link(given) == ""


def test_a_link_that_no_database_could_store_is_dropped() -> None:
    """JSON can name half of a surrogate pair; such a link would cost the whole day."""
    dropped = records.link("https://github.com/sample/\ud800") == ""
    assert dropped  # what is compared could not be printed


def test_a_link_with_blanks_around_it_is_kept() -> None:
    assert records.link(" https://example.org/x ") == "https://example.org/x"


def test_counts_are_whole_numbers_that_fit_the_column() -> None:
    given = [0, 7, 10**30, -1, True, "7", 1.5, None]
    assert list(map(records.count, given)) == [0, 7, 2_147_483_647] + [None] * 5


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2026-07-07T00:00:00.000Z", date(2026, 7, 7)),
        ("2026-6-30", date(2026, 6, 30)),
        ("2026-07-07T24:00:00Z", date(2026, 7, 7)),
        ("Mon, 27 Apr 2026 00:00:00 -0400", date(2026, 4, 27)),
        ("Mon, 27 Apr 2026 00:00:00 -0000", date(2026, 4, 27)),
        ("", None),
        ("soon", None),
        ("0001-01-01", None),
        ("9999-01-01", None),
        ("2026-02-30", None),
        (f"{datetime.now(tz=UTC).year + 2}-01-01", None),
        (20260707, None),
        (None, None),
    ],
)
def test_a_date_is_parsed_never_compared_as_text(
    given: object, day: date | None
) -> None:
    assert records.day(given) == day


def test_authors_survive_what_lists_of_names_hold() -> None:
    given = ["A. Sample", "", "  ", None, 7, "Β. Δείγμα", "Sample, Jr.", "et al"]
    assert records.names(given, 10) == (
        "A. Sample",
        "Β. Δείγμα",
        "Sample, Jr.",
        "et al",
    )
    assert records.names("A. Sample", 10) == ()
    endless = iter(["A. Sample"] * 9000)
    assert len(records.names(endless, records.AUTHORS)) == 5000
    assert len(list(endless)) == 4000  # not read, whatever it holds


def test_categories_keep_their_order_and_unknown_ones() -> None:
    given = ["cs.LG", "cs.CL", "cs.LG", "new-field.XX", "math.AG", "03E75, 28A05", None]
    assert records.categories(given) == ("cs.LG", "cs.CL", "new-field.XX", "math.AG")
