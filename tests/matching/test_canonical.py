"""The canonical form is a filter, and its own canonical form."""

from __future__ import annotations

from random import Random

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.matching import FilterError, canonical, parse, parse_canonical
from subscriptions.matching.language.tree import leaves

from .documents import invented
from .oracle import satisfies

TERMS = st.sampled_from(
    [
        "model",
        "models",
        '"policy gradient"',
        "self-supervised",
        "diffus*",
        "in:hf",
        "title:mamba",
        "*",
        "cat:cs",
        'author:"A Sample"',
        'author:(B OR "C D")',
        "or",
        "has:code",
        "upvotes:3",
        "abstract:(a b)",
        "title:(x OR y)",
        "ﬁ",
        "ß",
        "İ",
        "GPT-4",
        "한국어",
        "媒体",
        "medias",
    ]
)
TEXTS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("{} {}".format, inner, inner),
        st.builds("{} OR {}".format, inner, inner),
        st.builds("({})".format, inner),
        st.builds("{} -({})".format, inner, inner),
        st.builds("NOT {} {}".format, inner, inner),
    ),
    max_leaves=12,
)


def check(text: str) -> None:
    try:
        query = parse(text)
    except FilterError as error:
        assert 0 <= error.position <= len(text)
        assert error.position + error.length <= len(text)
        return
    form = canonical(query)
    assert canonical(parse_canonical(form)) == form
    if len(form) <= 1000:
        assert canonical(parse(form)) == form


@given(TEXTS)
def test_filters_of_every_shape_keep_their_canonical_form(text: str) -> None:
    check(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from([*'()"*-:', *"ab", " OR ", " NOT ", "title:", " "])))
def test_any_heap_of_symbols_is_read_or_refused_with_a_place(pieces: list[str]) -> None:
    check("".join(pieces))


def test_a_canonical_text_longer_than_a_reader_may_write_is_read_back() -> None:
    text = f"abstract:({' OR '.join(f'lengthy{n}' for n in range(50))})"
    form = canonical(parse(text))
    assert len(form) > 1000
    assert canonical(parse_canonical(form)) == form


@given(st.lists(TERMS, min_size=1, max_size=6), st.randoms())
def test_order_and_doubles_make_no_difference(terms: list[str], random: Random) -> None:
    for joint in (" ", " AND ", " OR "):
        shuffled = [*terms, *random.sample(terms, random.randint(0, len(terms)))]
        random.shuffle(shuffled)
        one, other = (parse(joint.join(some)) for some in (terms, shuffled))
        assert canonical(one) == canonical(other)


@given(TEXTS)
def test_the_canonical_form_selects_the_same_papers(text: str) -> None:
    try:
        query = parse(text)
    except FilterError:
        return
    again = parse_canonical(canonical(query))
    for document in invented():
        assert satisfies(document, again) == satisfies(document, query)


@given(st.text(st.sampled_from('ab ()"*-:OR'), max_size=3000))
def test_a_filter_that_is_read_is_within_the_limits(text: str) -> None:
    try:
        query = parse(text)
    except FilterError as error:
        assert error.position + error.length <= len(text)
        return
    assert len(text) <= settings.FILTER_LENGTH
    assert len(list(leaves(query))) <= settings.FILTER_TERMS
