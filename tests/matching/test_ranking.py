"""What comes first, and why (rounds 20)."""

from __future__ import annotations

from datetime import date, timedelta

from subscriptions.matching import Document, Matcher, Ranking, canonical, parse
from subscriptions.matching.scoring import (
    ABSTRACT_LENGTH,
    SCALE,
    TITLE_LENGTH,
    upvotes_score,
)

from .documents import a_document, hits

DAY = date(2026, 7, 7)


def ranked(text: str, *documents: Document) -> list[int]:
    matcher = Matcher()
    matcher.add(1, canonical(parse(text)))
    others = [a_document("Nothing of the kind") for _ in range(20)]
    return [hit.paper for hit in hits(matcher.match([*others, *documents]), 1)]


def test_rule_20_a_word_in_the_title_counts_more_than_in_the_abstract() -> None:
    abstract = a_document("One two three", "gradient four five")
    title = a_document("gradient two three", "one four five")
    assert ranked("gradient", abstract, title) == [title.paper, abstract.paper]


def test_rule_20_a_word_in_the_title_counts_three_times() -> None:
    """In fields of mean length, where nothing is weighed by length, one occurrence in
    the title is worth three in the abstract."""
    matcher = Matcher()
    matcher.add(1, "gradient")
    words, title = "x " * (ABSTRACT_LENGTH - 3), "x " * (TITLE_LENGTH - 1)
    once = a_document(f"gradient {title}", f"x x x {words}")
    thrice = a_document(f"x {title}", f"gradient gradient gradient {words}")
    one, other = hits(matcher.match([once, thrice]), 1)
    assert round(one.score, 5) == round(other.score, 5) > 0


def test_rule_20_further_occurrences_add_less_and_less() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    bodies = ["gradient " * times + "x " * (20 - times) for times in (1, 2, 3)]
    documents = [a_document("", body) for body in bodies]
    three, two, one = (hit.score for hit in hits(matcher.match(documents), 1))
    assert two - one > three - two > 0


def test_rule_20_a_rare_word_counts_more_than_a_common_one() -> None:
    common = [a_document("common") for _ in range(10)]
    rare = a_document("rare")
    assert ranked("common OR rare", *common, rare)[0] == rare.paper


def test_rule_20_upvotes_decide_where_words_do_not() -> None:
    few, many = a_document("gradient", upvotes=2), a_document("gradient", upvotes=90)
    assert ranked("gradient", few, many) == [many.paper, few.paper]
    assert ranked("*", few, many)[:2] == [many.paper, few.paper]


def test_what_is_left_out_adds_nothing_to_a_score() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    matcher.add(2, "gradient -(policy robot)")
    matches = matcher.match([a_document("gradient policy"), a_document("x")])
    assert hits(matches, 1)[0].score == hits(matches, 2)[0].score


def test_rule_20_between_equals_a_lot_is_drawn_that_changes_with_the_day() -> None:
    orders = set()
    for days in range(10):
        documents = [
            a_document("gradient", paper=paper, day=DAY + timedelta(days))
            for paper in (1, 2, 3)
        ]
        order = ranked("gradient", *documents)
        assert order == ranked("gradient", *reversed(documents))
        orders.add(tuple(order))
    assert len(orders) > 1


def test_rule_20_a_score_per_term_is_the_same_for_every_filter_that_shares_it() -> None:
    matcher = Matcher()
    for number, text in enumerate(["gradient", "policy", "gradient policy"]):
        matcher.add(number, text)
    matches = matcher.match([a_document("gradient policy"), a_document("other")])
    best = [hits(matches, number)[0].score for number in range(3)]
    assert round(best[0] + best[1], 6) == round(best[2], 6)


def test_20_scores_of_several_editions_compare() -> None:
    """How rare a word is, is counted over all of them: a short edition in which the
    word is rare gives its papers no lead."""
    matcher = Matcher()
    matcher.add(1, "gradient")
    alike = "gradient two three"
    few = [a_document(alike, day=DAY), *[a_document("other") for _ in range(30)]]
    many = [a_document(alike, day=DAY) for _ in range(20)]
    ranking = Ranking([matcher.match(few), matcher.match(many)])
    assert len({hit.score for hit in ranking.hits(1)}) == 1


def test_20_a_paper_on_two_lists_is_ranked_by_its_best_listing() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    first = [a_document("gradient", paper=1), a_document("gradient", paper=2)]
    second = [a_document("gradient", paper=1, upvotes=90, source="hf")]
    third = [a_document("gradient", paper=3, upvotes=20)]
    editions = [matcher.match(some) for some in (first, second, third)]
    assert [hit.paper for hit in Ranking(editions).hits(1)] == [1, 3, 2]


def test_20_the_upvotes_that_one_list_knows_count_on_the_other_too() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient in:arxiv")
    arxiv = [a_document("gradient", paper=paper) for paper in (1, 2, 3)]
    hf = [a_document("gradient", paper=2, upvotes=90, source="hf")]
    ranking = Ranking([matcher.match(arxiv), matcher.match(hf)])
    assert ranking.hits(1)[0].paper == 2


def test_all_papers_of_a_broad_filter_can_be_had() -> None:
    matcher = Matcher()
    matcher.add(1, "*")
    many = [a_document(paper=n, upvotes=n) for n in range(1, 301)]
    ranking = Ranking([matcher.match(many)])
    assert ranking.of(1).papers.bit_count() == 300
    assert [hit.paper for hit in ranking.hits(1)] == list(range(300, 0, -1))
    assert len(ranking.of(1).best) < len(ranking.all_of(1)) == 300


def test_20_many_terms_that_many_papers_have_are_added_up_as_few_are() -> None:
    """Those that many papers have are added for all papers at once, rare ones one by
    one: the score is the sum of what each term gives alone."""
    often, rare = [f"often{n}" for n in range(9)], [f"rare{n}" for n in range(3)]
    documents = [
        a_document(" ".join(often[at % 3 :]), rare[at % 3] * (at < 6), upvotes=at)
        for at in range(60)
    ]
    matcher = Matcher()
    for number, text in enumerate([" OR ".join(often + rare), *often, *rare]):
        matcher.add(number, text)
    ranking = Ranking([matcher.match(documents)])
    expected = {each.paper: upvotes_score(each.upvotes) for each in documents}
    alone = [hit for number in range(1, 13) for hit in ranking.hits(number)]
    upvotes = {each.paper: each.upvotes for each in documents}
    for hit in alone:
        own = round(hit.score * SCALE) - upvotes_score(upvotes[hit.paper])
        expected[hit.paper] += own
    found = {hit.paper: round(hit.score * SCALE) for hit in ranking.hits(0)}
    assert found == expected
    assert list(found.values()) == sorted(expected.values(), reverse=True)
