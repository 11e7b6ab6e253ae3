"""How words, numbers and links are written."""

import pytest
from markupsafe import Markup

from subscriptions.web.text import clipped, counted, marked, masked, web_link


def test_numbers_have_their_noun() -> None:
    assert counted(1, "paper") == "1 paper"
    assert counted(1204, "paper") == "1,204 papers"


def test_a_text_is_clipped_between_words() -> None:
    assert clipped("one two three", 8) == "one two …"
    assert clipped("one", 8) == "one"
    assert clipped("x" * 20, 8) == "x" * 8 + " …"


def test_words_are_marked_whole_and_the_rest_is_escaped() -> None:
    assert marked("A <b> step, steps", ["step"]) == Markup(
        "A &lt;b&gt; <mark>step</mark>, steps"
    )


def test_the_longer_of_two_words_is_marked() -> None:
    assert marked("policy gradient", ["policy", "policy gradient"]) == Markup(
        "<mark>policy gradient</mark>"
    )


def test_marks_cannot_bring_in_markup() -> None:
    assert marked("1 < 2 & <script>", ["2", "<i>"]) == Markup(
        "1 &lt; <mark>2</mark> &amp; &lt;script&gt;"
    )


def test_words_are_marked_where_the_page_writes_them_otherwise() -> None:
    assert marked("A Schrödinger bridge", ['Schr{\\"o}dinger']) == Markup(
        "A <mark>Schrödinger</mark> bridge"
    )


@pytest.mark.parametrize("address", ["https://example.org/a b", "http://x.org"])
def test_web_links_are_kept(address: str) -> None:
    assert web_link(address) == address


def test_an_address_is_masked() -> None:
    assert masked("reader@example.org") == "r•••@example.org"
