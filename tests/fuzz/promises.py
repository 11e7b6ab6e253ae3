"""What must hold for any text whatever that is given as a filter.

Used twice: over the corpus in every run of the tests, and over what a coverage-guided
fuzzer makes of it (`bin/test --fuzz`).
"""

from __future__ import annotations

from subscriptions.matching import (
    Document,
    FilterError,
    Matcher,
    Query,
    canonical,
    explain,
    parse,
    parse_canonical,
    warnings,
    why_not,
)
from subscriptions.matching.tokens import stems, tokens, words

DOCUMENT = Document(
    listing=1,
    paper=1,
    source="hf",
    day=None,
    title="$\\mu$Match: \\emph{policy} gradients for Schr{\\\"o}dinger's R$^2$ bridge",
    abstract="A survey of models, self-supervised. Code: https://github.com/sample/x",
    note="",
    authors=("Ada B. Sample", "J.-L. N\\'ame"),
    categories=("cs.LG", "math.PR"),
    upvotes=7,
    has_code=True,
)


def check(text: str) -> Query | None:
    """Raises AssertionError where a promise is broken; None for a refused filter."""
    check_words(text)
    try:
        query = parse(text)
    except FilterError as error:
        check_error(text, error)
        return None
    form = canonical(query)
    again = parse_canonical(form)
    assert canonical(again) == form
    if len(form) <= 1000:
        assert canonical(parse(form)) == form
    for said in warnings(query):
        assert said.endswith((".", "?"))
        assert said.isprintable() and len(said) < 500
    check_answers(query, form)
    return query


def check_error(text: str, error: FilterError) -> None:
    assert 0 <= error.position <= len(text)
    assert 0 <= error.length <= len(text) - error.position
    assert error.message and error.suggestion.endswith((".", "?"))
    assert len(str(error)) < 500
    assert str(error).replace("\n", "").isprintable()


def check_answers(query: Query, form: str) -> None:
    """The matcher, `explain` and `why_not` say the same of the one document."""
    matcher = Matcher()
    matcher.add(1, form)
    found = 1 in matcher.match([DOCUMENT]).filters()
    spans = explain(query, DOCUMENT)
    assert found == (spans is not None)
    assert found != bool(why_not(query, DOCUMENT))
    for span in spans or ():
        field = {"title": DOCUMENT.title, "abstract": DOCUMENT.abstract}
        text = field.get(span.field, span.text)
        assert text[span.start : span.end] == span.text or span.field == "author"


def check_words(text: str) -> None:
    """Places hold the words they are of, in order, and those read again are the same.

    One character may hold several words, as \u00bd does, which then share its place.
    """
    found = tokens(text)
    assert [token.word for token in found] == words(text)
    assert len(stems(text)) == len(found)
    before = (0, 0)
    for token in found:
        place = (token.start, token.end)
        assert 0 <= token.start < token.end <= len(text)
        assert before[1] <= token.start or words(text[token.start : before[1]])
        assert token.word in words(text[token.start : token.end])
        assert words(token.word) == [token.word]
        before = place
