"""What readers mute, as they type it: a word, a phrase, or `author:` and a name."""

from __future__ import annotations

from subscriptions import matching
from subscriptions.consent import Wanted

LONGEST = 100
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
    author = text.lower().startswith("author:")
    words = text[len("author:") :] if author else text
    plain = " ".join(words.replace('"', " ").split())
    query = f'author:"{plain}"' if author else f'"{plain}"'
    try:
        tree = matching.parse(query)
    except matching.FilterError:
        return f"There is no letter or digit in “{text}” that a paper could have."
    return Wanted(text=matching.written(tree), canonical=matching.canonical(tree))
