"""LaTeX to readable Unicode, where that is faithful; the raw text everywhere else.

Titles and abstracts come from strangers. So nothing here is an interpreter of TeX:
a few patterns are rewritten from the inside out, a fixed number of times, and a piece
that still holds a command, a brace or a script afterwards is left as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db

LONGEST = 20_000  # characters looked at; arXiv's abstracts end at 1,920
PASSES = 8  # nesting of braces that is followed

# Line and paragraph separators and other controls break headers and lines; overrides
# and embeddings turn the text around them; lone surrogates cannot be encoded.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")

_TEX = re.compile(r"[\\$]|--|``|''|\w~\w")
# As pandoc reads dollars: no space inside the dollars, no digit after the last one.
_FORMULA = re.compile(
    r"(?<![\\$])\$\$([^$]{1,400})\$\$"
    r"|(?<![\\$])\$(?![\s$])([^$]{1,400})(?<![\s\\])\$(?!\d)"
    r"|(?<![\\$])\$(\\[A-Za-z]+|[<>=])\s*\$(?=\d)"
    r"|\\\((.{1,400}?)\\\)|\\\[(.{1,400}?)\\\]"
)
_SIGNS = re.compile(r"[\\^_{}=<>+|]")
_WORD = re.compile(r"[A-Za-z]{2}")

_STYLE = (
    "text(?:bf|it|sc|tt|rm|sf|up|normal)?|emph|underline|mbox|operatorname|bm|"
    "math(?:rm|bf|it|sf|tt|cal|frak|scr)|boldsymbol"
)
_STYLED = re.compile(r"\\(?:" + _STYLE + r")\s*\{([^{}]*)\}")
_BLACKBOARD = re.compile(r"\\mathbb\s*(?:\{\s*([A-Za-z])\s*\}|([A-Za-z])(?![A-Za-z]))")
_UNBRACED = re.compile(r"\\(?:" + _STYLE + r")(?:\s*(?=\\)|\s+(?=\w\b))")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|(\d)\s*(\d))")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_SCRIPT = re.compile(r"([_^])(?:\{([^{}]*)\}|(\\[A-Za-z]+|[^\s{}\\(]))")
_LINK = re.compile(r"\\(?:url\{([^{}\s]*)\}|href\{([^{}\s]*)\}\{([^{}]*)\})")
_WEB_ADDRESS = re.compile(r"(https?://(?:(?!'')\S)+)")
_TILDE = re.compile(r"\\~(?:\{\})?")  # not the one over a letter
_ACCENT = re.compile(
    r"\\([\"'`^~=.])\s*(?:\{\s*(\\?[a-zA-Z])\s*\}|(\\?[ij](?![a-zA-Z])|[a-zA-Z]))"
    r"|\\([Hckruvbd])(?:\s*\{\s*(\\?[a-zA-Z])\s*\}|\s+([a-zA-Z])(?![a-zA-Z]))"
)
_HAT = re.compile(r"\\(hat|bar|tilde|vec|dot|ddot|overline)\s*(?:\{(\w)\}|\s(\w))")
_COMMAND = re.compile(r"\\([A-Za-z]+)(\{\}|\s*)")
_SIZING = re.compile(r"\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])\.?|\\[,;:!>]")
_ESCAPED = re.compile(r"\\([%&_#${}])")
_LEFT_OVER = re.compile(r"[\\{}]|[_^](?=\s|$)")

_MARKS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304",
    "u": "\u0306", ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b",
    "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328", "b": "\u0331",
}  # fmt: skip
_HATS = {
    "hat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303",
    "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
}  # fmt: skip
_LOWER = dict(zip(
    "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
    "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True,
))  # fmt: skip
_UPPER = dict(zip(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθ∗*′⊤",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿ**′ᵀ", strict=True,
))  # fmt: skip
_NAMED = re.compile(
    "log|ln|exp|sin|cos|tanh?|max|min|sup|inf|lim|arg(?:max|min)?|det|dim|ker|gcd|Pr|mod"
)
_OWN = {
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "|": "‖", "lvert": "|", "rvert": "|",
    "dots": "…", "ldots": "…", "cdots": "⋯", "mid": "|", "quad": " ", "qquad": " ",
    "textasciitilde": "~", "textasciicircum": "^",
    "le": "≤", "ge": "≥", "to": "→", "ast": "∗", "prime": "′", "degree": "°",
    "colon": ":",
}  # fmt: skip
_SPACED = frozenset("≤≥→←↔⇒⇐⇔≈≃≅≡∼∈∉⊂⊆⊃⊇≠≪≫∝≲≳")


def readable(text: str) -> str:
    """`text` on one line, without control characters, its LaTeX as Unicode.

    `$\\ell_2$` gives ℓ₂, `\\&` gives &, `Erd\\H{o}s` gives Erdős; `$1 Million` and
    whatever is unknown, unbalanced or nested deeper than PASSES stay as they are.
    """
    text = plain(text)
    if len(text) > LONGEST or not _TEX.search(text):
        return text
    return _converted(text)


@lru_cache(maxsize=4096)
def _converted(text: str) -> str:
    pieces, end = [], 0
    for match in _FORMULA.finditer(text):
        pieces += [_prose(text[end : match.start()]), _formula(match)]
        end = match.end()
    return plain("".join([*pieces, _prose(text[end:])]))


def plain(text: str) -> str:
    """`text` on one line: white space collapsed, nothing invisible that has effects."""
    text = _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))
    return _SPACES.sub(" ", text).strip()


def _formula(match: re.Match[str]) -> str:
    inner = next(part for part in match.groups() if part is not None)
    if match[0][0] == "$" and _is_prose(inner):
        return match[0]
    converted = inner
    for _ in range(PASSES):
        before = converted
        converted = _simplify(converted)
        if converted == before:
            break
    converted = _without_groups(converted)
    # One piece that stayed LaTeX makes the rest around it harder to read, not easier.
    if _LEFT_OVER.search(_ESCAPED.sub("", converted)):
        return match[0]
    return _spaced(_ESCAPED.sub(r"\1", converted))


def _is_prose(inner: str) -> bool:
    """Whether "$...$" is two prices: words and spaces, not one sign of a formula."""
    return bool(" " in inner and _WORD.search(inner) and not _SIGNS.search(inner))


def _simplify(piece: str) -> str:
    """One step from the inside out: innermost groups, then bare commands."""
    piece = _SIZING.sub("", piece).replace("\\|", "‖")
    piece = _HAT.sub(_hat, _accents(piece))
    piece = _UNBRACED.sub("", _STYLED.sub(r"\1", piece))
    piece = _BLACKBOARD.sub(lambda m: _blackboard(m[1] or m[2]), piece)
    piece = _FRACTION.sub(_fraction, piece)
    piece = _ROOT.sub(lambda m: "√" + _atom(m[1]), piece)
    piece = _SCRIPT.sub(_script, piece)
    return _COMMAND.sub(_command, piece)


def _script(match: re.Match[str]) -> str:
    inner = match[2] if match[2] is not None else match[3]
    if "\\" in inner:
        inner = _COMMAND.sub(_command, _STYLED.sub(r"\1", inner))
    if "\\" in inner or "_" in inner or "^" in inner:
        return match[0]
    inner = inner.strip().replace(" ", "")
    table = _LOWER if match[1] == "_" else _UPPER
    if inner in {"°", "∘"}:
        return "°"
    if all(letter in table for letter in inner):
        return "".join(table[letter] for letter in inner)
    return f"{match[1]}{inner}" if len(inner) == 1 else f"{match[1]}({inner})"


def _command(match: re.Match[str]) -> str:
    symbol = _symbol(match[1])
    if symbol is None:
        return match[0]
    if _NAMED.fullmatch(match[1]):
        return f" {symbol} "
    # TeX eats the space after a command; beside signs it reads better kept.
    before_sign = match.string[match.end() : match.end() + 1] in {"<", ">", "="}
    eaten = match[2] == "{}" or (symbol.isalpha() and not before_sign)
    return symbol + ("" if eaten else match[2])


@lru_cache(maxsize=1024)
def _symbol(name: str) -> str | None:
    """What `\\name` stands for, if it is one known sign without arguments."""
    if name in _OWN:
        return _OWN[name]
    if _NAMED.fullmatch(name):
        return name
    spec = _KNOWN.get_macro_spec(name)
    sign = spec.simplify_repl if spec else None
    # Longer replacements are templates with arguments ("%s/%s") or words.
    return sign if isinstance(sign, str) and len(sign.strip()) == 1 else None


def _accents(text: str) -> str:
    return _ACCENT.sub(_accent, text)


def _accent(match: re.Match[str]) -> str:
    mark = _MARKS[match[1] or match[4]]
    letter = next(part for part in match.group(2, 3, 5, 6) if part).lstrip("\\")
    whole = unicodedata.normalize("NFC", letter + mark)
    return whole if len(whole) == 1 else match[0]


def _fraction(match: re.Match[str]) -> str:
    over, under = (match[1], match[2]) if match[3] is None else (match[3], match[4])
    return f"{_atom(over)}/{_atom(under)}"


def _hat(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[2] or match[3]) + _HATS[match[1]])


def _blackboard(letter: str) -> str:
    return str(_TO_TEXT.latex_to_text(f"\\mathbb{{{letter}}}"))


def _atom(piece: str) -> str:
    """In parentheses unless it is one word or number."""
    piece = piece.strip()
    return piece if re.fullmatch(r"[\w.′]+", piece) else f"({piece})"


def _without_groups(piece: str) -> str:
    """`{x}` that only groups is x; escaped braces stay for later."""
    return re.sub(r"(?<!\\)\{([^{}\\]*)\}", r"\1", piece)


def _spaced(piece: str) -> str:
    piece = "".join(f" {sign} " if sign in _SPACED else sign for sign in piece)
    piece = _SPACES.sub(" ", piece).strip()
    return re.sub(r" (?=[,;)\]])|(?<=[(\[]) ", "", piece)


def _prose(text: str) -> str:
    """Outside formulas: accents, emphasis, links, escapes, dashes, quotes."""
    text = _WEB_ADDRESS.sub(lambda m: _TILDE.sub("~", m[0]), text)
    text = re.sub(r"\{([^\W\d_a-zA-Z])\}", r"\1", _accents(text))
    for _ in range(PASSES):
        before = text
        text = _LINK.sub(lambda m: m[1] or (m[3] and f"{m[3]} ({m[2]})") or m[2], text)
        text = _STYLED.sub(r"\1", text)
        if text == before:
            break
    text = _COMMAND.sub(_bare, text)
    text = re.sub(r"\\[,; ]", " ", _ESCAPED.sub(r"\1", text))
    pieces = _WEB_ADDRESS.split(text)
    # An address with another dash, or a space for its tilde, leads nowhere.
    pieces[::2] = map(_typeset, pieces[::2])
    return "".join(pieces)


def _typeset(text: str) -> str:
    """Dashes, quotes and ties as TeX sets them."""
    text = re.sub(r"(?<=[\w\s])---(?=[\w\s])", "—", text)
    text = re.sub(r"(?<=\w)--(?=\w)|(?<=\s)--(?=\s)", "–", text)
    text = text.replace("``", "“").replace("''", "”")
    return re.sub(r"(?<=[^\W\d])~(?=\w)|(?<=\.)~(?=\w)", "\u00a0", text)


def _bare(match: re.Match[str]) -> str:
    """A command outside a formula: a sign such as \\times, never a word or control."""
    name, after = match[1], match[2]
    sign = None if _NAMED.fullmatch(name) else _symbol(name)
    return match[0] if sign is None else sign + ("" if after == "{}" else after)


_KNOWN = get_default_latex_context_db()
_TO_TEXT = LatexNodes2Text(math_mode="text")
