"""Where the first sentences of an abstract end."""

from __future__ import annotations

import pytest

from subscriptions.rendering.phrases import sentences


@pytest.mark.parametrize(
    "first",
    [
        "We ask this of i.i.d. Gaussian noise.",
        "The I.I.D. Assumption holds.",
        "Seen w.r.t. Lipschitz losses.",
        "Prompts of the U.S. and of others.",
        "Many ways, e.g. Langevin's.",
        "Two of them, i.e. Adam and SGD.",
        "Sample et al. (2020) say otherwise.",
        "Shown in Fig. 3 and Eqs. 4 and 5.",
        "See Sec. 2 (resp. Thm. 1) for it.",
        "Transformers vs. Mamba, cf. Sample.",
        "Long films (avg. 98 minutes).",
        "Nouns, verbs, etc. are tagged.",
        "It gains 3.5 points in v1.2 of it.",
        "Is it so?",
    ],
)
def test_a_sentence_ends_where_its_reader_would_say(first: str) -> None:
    assert sentences(f"{first} Then another one. And a third.", 1, 400) == first


@pytest.mark.parametrize(
    "first",
    [
        "It gains 3.5.",
        "The best map.",
        "Nouns, verbs, etc.",
        "This holds for al.",
        "With vitamin C.",
        "It takes 5 ms.",
        "In plan B!",
        "As in the cafe.",
    ],
)
def test_words_that_end_like_an_abbreviation_do_end_it(first: str) -> None:
    assert sentences(f"{first} Then another one. And a third.", 1, 400) == first
