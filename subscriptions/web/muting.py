"""What readers mute, as they type it: a word, a phrase, or `author:` and a name."""

from __future__ import annotations

import re

from subscriptions import matching
from subscriptions.consent import Wanted

LONGEST = 100
_NO_QUOTES = str.maketrans(dict.fromkeys(matching.QUOTES, " "))
_FIELD = re.compile(r"(title|abstract|cat|in|has|upvotes):(?=\S)", re.IGNORECASE)
_OPERATOR = re.compile(r'[^\s"]"?\s+(OR|AND|NOT)\s')
TOO_MANY = "{} muted terms are the most. Unmute one among your preferences first."


def read_mute(typed: str) -> Wanted | str:
    """The term to mute, or what is wrong with it as a sentence.

    Several bare words are a phrase: nobody who mutes `state of the art` means every
    paper with an "of" and a "the".
    """
    text = " ".join(typed.split())
    if not text:
        return "Type a word, a phrase, or author: and a name."
    if len(text) > LONGEST:
        return f"This has {len(text)} characters; {LONGEST} are the most."
    if meant := _filter_instead(text):
        return meant
    author = text.lower().startswith("author:")
    words = text[len("author:") :] if author else text
    plain = " ".join(words.translate(_NO_QUOTES).split())
    query = f'author:"{plain}"' if author else f'"{plain}"'
    try:
        tree = matching.parse(query)
    except matching.FilterError as error:
        if not any(map(str.isalnum, plain)):
            return f"There is no letter or digit in “{text}” that a paper could have."
        if "*" in plain:
            return f"The * in “{text}” has no meaning here. Type whole words."
        return f"{error.message[0].upper()}{error.message[1:]}. {error.suggestion}"
    return Wanted(text=matching.written(tree), canonical=matching.canonical(tree))


def _filter_instead(text: str) -> str:
    """Of what would be a filter, and read as words would mute nothing."""
    if field := _FIELD.match(text):
        return (
            f"{field[0]} has no meaning here. Type a word, a phrase, or author: and a "
            f"name."
        )
    whole = text.translate(_NO_QUOTES).strip() == text[1:-1]
    if not whole and (found := _OPERATOR.search(text)):
        return f"{found[1]} has no meaning here. Mute one word or phrase after another."
    return ""
