"""Text to tokens, the same way for papers, filters, search and marks.

A token is a run of letters and digits after NFKD, case folding and the removal of
diacritics. Folding works character by character, so that every token knows its place
in the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_ZERO_WIDTH_SPACE = "\u200b"
# Letters with a stroke or without their dot, which Unicode does not decompose.
_STROKES = str.maketrans("øłđħŧı", "oldhti")


class _Folding(dict[int, str]):
    """Code point -> what is left of it; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code)).casefold()
        letters = unicodedata.normalize("NFKD", decomposed).translate(_STROKES)
        folded = self[code] = "".join(c for c in letters if not _vanishes(c))
        return folded


def _vanishes(char: str) -> bool:
    """Marks, and invisible characters such as the soft hyphen, do not end a word."""
    category = unicodedata.category(char)
    return category[0] == "M" or (category == "Cf" and char != _ZERO_WIDTH_SPACE)


_FOLDING = _Folding()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, folded, and where it stands in the text: `text[start:end]`."""

    word: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The folded words of a text, in order, not stemmed: names stay as they are."""
    return _WORD.findall(text.translate(_FOLDING))


def stems(text: str) -> list[str]:
    """The folded words of a text, in order, singular and plural made one."""
    return [stem(word) for word in words(text)]


def normalise(title: str, abstract: str) -> tuple[str, str]:
    """What is stored for search: the stems of each, joined by a space."""
    return " ".join(stems(title)), " ".join(stems(abstract))


def tokens(text: str) -> list[Token]:
    """The words of `words(text)` with their places in `text`."""
    folded: list[str] = []
    origin: list[int] = []
    for at, char in enumerate(text):
        left = _FOLDING[ord(char)]
        folded.append(left)
        origin.extend([at] * len(left))
    found = []
    for match in _WORD.finditer("".join(folded)):
        end = origin[match.end() - 1] + 1
        while end < len(text) and not folded[end]:  # marks that follow belong to it
            end += 1
        found.append(Token(match[0], origin[match.start()], end))
    return found


# --- singular and plural -----------------------------------------------------------
_KEPT = frozenset({"news", "lens", "series", "species", "means", "bayes"})
_PLURAL_ICS = frozenset(
    {"metrics", "topics", "heuristics", "characteristics", "statistics", "rubrics"}
)
_PAIRS = (
    "matrix/matrices vertex/vertices index/indices analysis/analyses "
    "hypothesis/hypotheses basis/bases axis/axes cache/caches bias/biases "
    "criterion/criteria phenomenon/phenomena corpus/corpora optimum/optima "
    "spectrum/spectra leaf/leaves medium/media gpu/gpus cpu/cpus tpu/tpus npu/npus"
)
_IRREGULAR = {
    form: pair.split("/")[0] for pair in _PAIRS.split() for form in pair.split("/")
}


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The form in which singular and plural of a folded word are the same.

    Harman's S-stemmer ("How effective is suffixing?", JASIS 42, 1991) with the
    exceptions of docs/filters.md. `stem(stem(word)) == stem(word)`.
    """
    singular = _IRREGULAR.get(word) or _s_stem(word)
    return _IRREGULAR.get(singular, singular)


def _s_stem(word: str) -> str:
    if len(word) <= 3 or word[-1] != "s" or word in _KEPT:
        return word
    if word.endswith("ics") and word not in _PLURAL_ICS:
        return word
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("us", "ss")):
        return word
    return word[:-1]  # -es -> -e and -s -> nothing alike
