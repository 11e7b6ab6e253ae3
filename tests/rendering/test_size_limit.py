"""No mail client clips a digest: it loses length, never its footer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from subscriptions.rendering import Digest, Rendered, digest, surely_fits

from .mails import LONG, digest_of, entry, parsed, part, recipient

CJK = "これは長い要旨の見本です。" * 200


def papers(number: int, **changes: Any) -> Digest:
    return digest_of(
        *(
            entry(**{"arxiv_id": f"2607.{n:05}", "title": f"Paper {n}", **changes})
            for n in range(number)
        )
    )


def coded_parts(mail: Rendered) -> list[str]:
    """As they stand in the message, after transfer encoding."""
    leaves = (part for part in parsed(mail).walk() if not part.is_multipart())
    return [str(part.get_payload()) for part in leaves]


def check_size(mail: Rendered) -> None:
    for coded in coded_parts(mail):
        assert len(coded) < 90_000
    for body in (mail.html, mail.text):
        assert "You get this because" in body
        assert body.count("/unsubscribe/") == 2


def test_an_ordinary_digest_loses_nothing() -> None:
    mail = digest(papers(12, abstract=LONG))
    assert mail.left_out == 0
    assert mail.html.count("in forty lines.") == 8


def test_abstracts_turn_short_from_the_last_upwards() -> None:
    long = "One sentence. Two sentences. " + CJK
    mail = digest(papers(8, abstract=long[:2000] + "THE END"))
    check_size(mail)
    assert mail.left_out == 0
    pieces = mail.html.split("<h3")[1:]
    whole = ["THE END" in piece for piece in pieces]
    assert len(whole) == 8
    assert whole == sorted(whole, reverse=True)
    assert 0 < sum(whole) < 8


@pytest.mark.parametrize("text", [CJK, "🌊" * 5000, LONG * 500, "a" * 1_000_000])
def test_forty_papers_of_anything_fit(text: str) -> None:
    check_size(digest(papers(40, abstract=text, title=text)))


def test_what_does_not_fit_is_counted_and_linked() -> None:
    made = papers(40, title=CJK, abstract=CJK, summary=CJK, authors=(CJK,) * 9)
    mail = digest(made)
    check_size(mail)
    assert mail.left_out > 0
    assert f"and {mail.left_out} more on the web" in part(mail, "html")
    assert f"and {mail.left_out} more on the web" in part(mail, "plain")
    assert mail.html.count("<h3") == 40 - mail.left_out
    copy = digest(made, whole=True)
    assert (copy.left_out, copy.html.count("<h3")) == (0, 40)
    assert "2607.00000" in mail.html and "2607.00039" not in mail.html


def test_it_keeps_as_many_papers_as_fit() -> None:
    made = papers(40, title=CJK, abstract=CJK, summary=CJK, authors=(CJK,) * 9)
    kept = 40 - digest(made).left_out
    group = made.groups[0]
    more = replace(made, groups=(replace(group, entries=group.entries[: kept + 1]),))
    assert digest(more).left_out == 1


def test_a_reader_of_text_has_the_same_limit() -> None:
    made = replace(
        papers(40, title=CJK, abstract=CJK, summary=CJK, authors=(CJK,) * 9),
        recipient=recipient(text_only=True),
    )
    mail = digest(made)
    (coded,) = coded_parts(mail)
    assert len(coded) < 90_000
    assert "You get this because" in mail.text


# --- told from lengths alone ----------------------------------------------------------


def test_an_ordinary_digest_is_known_to_fit_without_making_it() -> None:
    assert surely_fits(papers(12, abstract=LONG, summary="One sentence."))
    assert surely_fits(papers(16))


def test_what_may_not_fit_is_not_said_to() -> None:
    made = papers(40, title=CJK, abstract=CJK, summary=CJK, authors=(CJK,) * 9)
    assert not surely_fits(made)


@pytest.mark.parametrize("number", range(8, 41, 4))
@pytest.mark.parametrize(
    "text", [CJK, "🌊" * 300, "&<" * 400, "Füße " * 60, "$\\ell$ "]
)
def test_what_surely_fits_loses_nothing(text: str, number: int) -> None:
    """Of texts of any length, with all around the papers as long as it gets."""
    name = text[:200] or "x"
    for length in range(1, 420, 60):
        told = {"title": text[:length], "abstract": text, "summary": text[:length]}
        made = papers(number, authors=(name,) * 9, **told)
        (group,) = made.groups
        each = (replace(group, name=name, entries=(one,)) for one in group.entries)
        for shape in (
            made,
            replace(made, groups=tuple(each), notes=(text,) * 6),
            replace(made, weekly=True),
        ):
            if surely_fits(shape):
                mail = digest(shape)
                assert mail.left_out == 0
