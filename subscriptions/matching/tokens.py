"""Text to tokens, the same way for papers, filters, search and marks.

A token is a run of letters and digits after NFKD, case folding and the removal of
diacritics, in the text as its markup would show it. Folding works character by
character, so that every token knows its place in the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from . import markup

_WORD = re.compile(r"[^\W_]+")
_ZERO_WIDTH_SPACE = "\u200b"
# Letters with a stroke, without their dot or grown together, which Unicode does not
# decompose, as keyboards without them type them.
_STROKES = str.maketrans(
    dict(zip("øłđħŧıð", "oldhtid", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th"}
)


class _Folding(dict[int, str]):
    """Code point -> what is left of it; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code)).casefold()
        letters = unicodedata.normalize("NFKD", decomposed).translate(_STROKES)
        named = (markup.GREEK_NAMES.get(c, c) for c in letters if not _vanishes(c))
        folded = self[code] = _apart(code) + "".join(named)
        return folded


def _apart(code: int) -> str:
    """Letters set low or high are words of their own, as in Lₚ or Word™; digits are
    not, as in CO₂."""
    how, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
    if how not in {"<super>", "<sub>"}:
        return ""
    return "_" if chr(int(letters.split()[0], 16)).isalpha() else ""


def _vanishes(char: str) -> bool:
    """Marks, and invisible characters such as the soft hyphen, do not end a word."""
    category = unicodedata.category(char)
    return category[0] == "M" or (category == "Cf" and char != _ZERO_WIDTH_SPACE)


_FOLDING = _Folding()


class Token(NamedTuple):
    """A word, folded, and where it stands in the text: `text[start:end]`."""

    word: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The folded words of a text, in order, not stemmed: names stay as they are."""
    if markup.has_markup(text):
        text = markup.read(text)
    return _WORD.findall(text.translate(_FOLDING))


def stems(text: str) -> list[str]:
    """The folded words of a text, in order, singular and plural made one."""
    return [stem(word) for word in words(text)]


def normalise(title: str, abstract: str) -> tuple[str, str]:
    """What is stored for search: the stems of each, joined by a space."""
    return " ".join(stems(title)), " ".join(stems(abstract))


def tokens(text: str) -> list[Token]:
    """The words of `words(text)` with their places in `text`."""
    if text.isascii() and not markup.has_markup(text):  # folding keeps every place
        words_of = _WORD.finditer(text.translate(_FOLDING))
        return [Token(match[0], *match.span()) for match in words_of]
    folded: list[str] = []
    places: list[tuple[int, int]] = []  # of each folded character
    for char, start, end in _characters(text):
        left = _FOLDING[ord(char)]
        folded.append(left)
        places.extend([(start, end)] * len(left))
    found: list[Token] = []
    for match in _WORD.finditer("".join(folded)):
        start, end = places[match.start()][0], places[match.end() - 1][1]
        while end < len(text) and not _FOLDING[ord(text[end])]:
            end += 1  # marks that follow belong to it
        found.append(Token(match[0], start, end))
    return found


def _characters(text: str) -> Iterator[tuple[str, int, int]]:
    """Each character that is shown, and the place that shows it."""
    if not markup.has_markup(text):
        yield from zip(text, range(len(text)), range(1, len(text) + 1), strict=True)
        return
    accent: int | None = None
    for piece, start, end, is_accent in markup.pieces(text):
        as_written = piece == text[start:end]
        for at, char in enumerate(piece, start):
            begin = start if accent is None else accent
            if as_written:
                yield char, at if accent is None else begin, at + 1
            else:
                yield char, begin, end
            accent = None
        if is_accent and accent is None:
            accent = start


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A place, with the braces and dollars beside it that belong to its letters, so
    that it can be shown by itself: `$\\ell_1$` rather than `\\ell_1`."""
    inside = text[start:end]
    if not markup.has_markup(inside):
        return start, end
    opened = inside.count("{") - inside.count("}")
    while opened > 0 and text[end : end + 1] == "}":
        end, opened = end + 1, opened - 1
    if opened < 0 and (command := _OPENING.search(text, max(0, start - 60), start)):
        start = command.start()
    dollars = inside.count("$") % 2
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if before == after == "$" and not dollars and _SETTING.search(inside):
        return start - 1, end + 1
    if dollars and after == "$":
        return start, end + 1
    return (start - 1 if dollars and before == "$" else start), end


_OPENING = re.compile(r"(?:\\[A-Za-z]+\s*)?\{\Z")
_SETTING = re.compile(r"[\\_^]")


# --- singular and plural -----------------------------------------------------------
_KEPT = frozenset({"news", "lens", "series", "species", "means", "bayes"})
_PLURAL_ICS = frozenset(
    {"metrics", "topics", "heuristics", "characteristics", "statistics", "rubrics"}
    | {"clinics", "critics", "epidemics", "logics", "mosaics"}
)
_PAIRS = (
    "matrix/matrices vertex/vertices index/indices analysis/analyses "
    "hypothesis/hypotheses basis/bases axis/axes cache/caches bias/biases "
    "criterion/criteria phenomenon/phenomena corpus/corpora optimum/optima "
    "spectrum/spectra leaf/leaves medium/media equilibrium/equilibria "
    "curriculum/curricula stimulus/stimuli minimum/minima maximum/maxima "
    "diagnosis/diagnoses automaton/automata bacterium/bacteria child/children "
    "cortex/cortices lens/lenses locus/loci nucleus/nuclei polyhedron/polyhedra "
    "radius/radii simplex/simplices synthesis/syntheses thesis/theses torus/tori "
    "virus/viruses vortex/vortices gpu/gpus cpu/cpus tpu/tpus npu/npus lm/lms kg/kgs"
)
_IRREGULAR = {
    form: pair.split("/")[0] for pair in _PAIRS.split() for form in pair.split("/")
}
# "bases" is the plural of both, and most that papers write are knowledge bases.
_IRREGULAR["base"] = "basis"


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
