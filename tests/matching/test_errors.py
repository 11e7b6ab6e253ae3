"""A refused filter says where, what is wrong, and what to write instead."""

from __future__ import annotations

import pytest

from subscriptions.matching import FilterError, parse


def refused(text: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("NOT survey", "NOT survey", "alone would match almost everything"),
        ("a OR NOT survey", "NOT survey", "alone would match almost everything"),
        ("x (a OR (b OR -c))", "-c", "alone would match almost everything"),
        ("x -(NOT a)", "(NOT a)", "alone would match almost everything"),
        ("x NOT *", "NOT *", "would match nothing"),
        ("x -(* *)", "-(* *)", "would match nothing"),
        ("a OR", "OR", "nothing to its right"),
        ("AND a", "AND", "nothing to its left"),
        ("a OR OR b", "OR", "nothing to its right"),
        ("(a AND)", "AND", "nothing to its right"),
        ("a NOT", "NOT", "nothing to its right"),
        ("a ()", "()", "nothing between"),
        ("x (a OR b", "(", "never closed"),
        ("a) b", ")", "closes nothing"),
        ('x "a b', '"', "never closed"),
        ("x di*", "di*", "fewer than three letters"),
        ("x d*ff", "d*ff", "not at the end"),
        ("self-sup*", "self-sup*", "more than one word"),
        ('"gradient desc*"', '"gradient desc*"', "in quotes"),
        ("x titel:y", "titel:", "no field"),
        ("x title: y", "title:", "not followed"),
        ("title:OR x", "title:", "not followed"),
        ("title:-x", "-", "hyphen"),
        ("title:(author:x)", "author:", "inside a group"),
        ("title:*", "title:*"[6:], "cannot stand"),
        ("author:Samp*", "Samp*", "takes no *"),
        ("cat:cs.*", "cs.*", "not a category"),
        ("in:springer", "springer", "not a source"),
        ("has:data", "data", "cannot be"),
        ("upvotes:many", "many", "takes a number"),
        ("upvotes:>20", ">20", "takes a number"),
        ("x 🤖", "🤖", "no letters or digits"),
        ('x ""', '""', "nothing between these quotes"),
        ("a && b", "&&", "no letters or digits"),
        ("a || b", "||", "no letters or digits"),
        ("x !survey", "!survey", "means nothing"),
        ("x title=mamba", "title=mamba", "no colon"),
        ("upvotes>20", "upvotes>20", "no colon"),
        ("title :x", ":x", "begins with a colon"),
        ('"a b"~3', "~3", "near or alike"),
        ("x mamba~1", "mamba~1", "near or alike"),
        ("x /regex/", "/regex/", "regular expression"),
        ("x wom?n", "wom?n", "does not stand for a letter"),
        ("x *former", "*former", "at the beginning"),
        ("x **", "**", "no letters or digits"),
        ("author:Sample, Ada", "Sample,", "ends at its comma"),
        ("cat:cs.LG,cs.CL", "cs.LG,cs.CL", "not a category"),
        ("x arxiv.org/abs/2407.01234", "arxiv.org/abs/2407.01234", "one paper"),
        ("2407.01234v2", "2407.01234v2", "one paper"),
        ("hep-th/9901001", "hep-th/9901001", "one paper"),
        ("https://arxiv.org/abs/2407.01234", "https:", "no field"),
        ("all:x", "all:", "no field"),
        ("year:2024", "year:", "no field"),
        ("upvotes:1000000", "1000000", "up to 999,999"),
    ],
)
def test_an_error_marks_the_wrong_part(text: str, marked: str, says: str) -> None:
    error = refused(text)
    assert says in error.message
    assert text[error.position : error.position + error.length] == marked
    assert error.suggestion.endswith((".", "?"))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a && b", "Write a space, or `AND`."),
        ("a | b", "Write `OR`, as in `diffusion OR flow`."),
        ("x !survey", "Write `-survey`."),
        ("title=mamba", "Write `title:mamba`."),
        ("code=yes", "Write `has:code`."),
        ("GPT-4*", "Leave the * out: `GPT-4`."),
        ("Qwen2.5-VL*", "Leave the * out: `Qwen2.5-VL`."),
        ("self-sup*", "Write them apart: `self sup*`."),
        ("upvotes<20", "Write `-upvotes:20` beside another word."),
        ("upvotes<=20", "Write `-upvotes:21` beside another word."),
        ("upvotes >= 20", "Write `upvotes:20` for 20 upvotes or more."),
        ("upvotes:-5", "To leave something out, write `-upvotes:20`."),
        ("ti:mamba", "Did you mean `title:`?"),
        ("au:Sample", "Did you mean `author:`?"),
        ("abs:x", "Did you mean `abstract:`?"),
        ("all:x", "Leave it out: words are looked for in title and abstract."),
        ("cat:cs.LG,cs.CL", "Write `cat:(cs.LG OR cs.CL)` for any of several."),
        ("title:NOT a", "To leave something out, write `-title:mamba`."),
        ("cat: cs.LG", "Write it without a space, as in `cat:cs.LG`; to find the word "
         "itself, leave the colon out."),
        ("gin:-x", "Did you mean `in:`?"),
        ("titel: mamba", "Write it without a space, as in `title:mamba`; to find the "
         "word itself, leave the colon out."),
        ("2407.01234", "Write words of its title."),
    ],
)  # fmt: skip
def test_an_error_says_what_to_write_instead(text: str, advice: str) -> None:
    assert refused(text).suggestion == advice


def test_an_error_reads_as_a_sentence_with_its_place() -> None:
    assert str(refused("video titel:x")) == (
        "At character 7: there is no field `titel:`. Did you mean `title:`?"
    )


def test_the_place_holds_behind_characters_that_folding_makes_longer() -> None:
    error = refused("ﬁlter ½ ﷺ cat:??")
    assert (error.position, error.length) == (14, 2)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_filter_is_told_of_the_star(text: str) -> None:
    error = refused(text)
    assert "empty" in error.message
    assert "`*`" in error.suggestion
