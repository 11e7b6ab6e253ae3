"""TeX and HTML in titles, abstracts and names: what of it is letters, and what is not.

Sources write `Schr{\\"o}dinger`, `\\textsc{Foo}Bar`, `PM$_{2.5}$` and `R&amp;D` where
their pages show Schrödinger, FooBar, PM₂.₅ and R&D. Readers type what they see. So a
text is read as the page would show it, without being an interpreter of TeX: one pass,
no nesting, and whatever is unknown stays as it is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

# The letter's name is its word: arXiv turns some `\beta` into β and others not, and
# readers type "beta" for both.
GREEK_NAMES = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu",
    "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "ae": "æ", "oe": "œ", "aa": "å", "o": "ø", "l": "ł", "i": "i", "j": "j",
    "AE": "æ", "OE": "œ", "AA": "å", "O": "ø", "L": "ł", "dh": "ð", "DH": "ð",
    "dj": "đ", "DJ": "đ", "th": "þ", "TH": "þ", "ng": "ŋ", "NG": "ŋ",
}  # fmt: skip
_SYMBOLS = {name: letter for letter, name in GREEK_NAMES.items()}
_SYMBOLS |= {f"var{name}": letter for name, letter in _SYMBOLS.items()}
_SYMBOLS |= {name.capitalize(): letter for name, letter in _SYMBOLS.items()}
_SYMBOLS |= {"ell": "l", "hbar": "h", "imath": "i", "jmath": "j"}
# These change how letters look and leave them one word with what is beside them.
_LOOKS = """
    emph underline uline bf it rm sc sf sl tt em bfseries itshape scshape ttfamily
    text textbf textit textmd textnormal textrm textsc textsf textsl texttt textup
    textsubscript textsuperscript mbox fbox hbox bm pmb boldsymbol mathbb mathbbm
    mathbf mathcal mathds mathfrak mathit mathnormal mathop mathrm mathscr mathsf mathtt
    operatorname ensuremath hat widehat bar overline vec tilde widetilde dot ddot
    check breve acute grave mathring displaystyle textstyle scriptstyle tiny small
    large Large noindent protect xspace relax prime"""
# These are shown as a sign, as space or not at all: words end at them.
_SIGNS = """
    times div cdot cdots ldots dots vdots ddots dotsc dotsb pm mp ast star circ
    bullet oplus otimes odot wedge vee land lor neg lnot le leq leqslant ge geq
    geqslant ll gg ne neq sim simeq approx cong equiv propto asymp lesssim gtrsim
    prec succ preceq succeq in notin ni subset subseteq subsetneq supset supseteq
    cup cap bigcup bigcap setminus emptyset varnothing forall exists to gets mapsto
    rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow
    longrightarrow uparrow downarrow rightleftharpoons iff implies infty partial
    nabla sum prod int iint oint mid nmid parallel perp top bot angle degree langle
    rangle lfloor rfloor lceil rceil lvert rvert vert lVert rVert Vert lbrace rbrace
    lbrack rbrack left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl
    biggr Biggl Biggr frac dfrac tfrac cfrac binom dbinom tbinom sqrt stackrel
    overset underset overbrace underbrace not triangle triangleq square blacksquare
    Box checkmark xmark cmark dagger ddagger copyright S P limits nolimits quad
    qquad enspace thinspace hspace vspace hfill newline linebreak par item centering
    phantom cite citep citet citealp citealt citeauthor citeyear nocite parencite
    textcite autocite footcite ref eqref cref Cref autoref label footnote
    footnotemark url href texttrademark texttimes textbackslash textasciitilde
    textasciicircum textunderscore textendash textemdash textquoteright
    textquoteleft textless textgreater num qty SI si unit qtyproduct"""
_SYMBOLS |= dict.fromkeys(_LOOKS.split(), "") | dict.fromkeys(_SIGNS.split(), " ")
# \"o \'{e} \H{o} \v s \'{\i}, up to the letter that the accent stands on.
_ACCENT = (
    r"""(?:["'`^~=.]\s*|[Hckruvbdt](?![A-Za-z])(?:\s+|(?=[\\{])))\{?(?=\\?[^\W\d_])"""
)
_INLINE = "i|b|em|strong|u|s|tt|span|font|small|big|a|code|mark|jats:(?:italic|bold)"
_BLOCK = "br|p|div|li|ul|ol|hr|jats:(?:p|title|sec)"
_ATTRIBUTES = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)){0,8}\s*/?>"""

_MARKUP = re.compile(
    rf"""
    \\(?: (?P<dropped>(?:begin|end|color|textcolor)\s*\{{[^{{}}]{{0,40}}\}})
        | (?P<accent>{_ACCENT})
        # TeX eats the space after a command, as in \O ye; after \alpha it may stay
        | (?P<letter>ss|ae|oe|aa|AE|OE|AA|d[hj]|D[HJ]|th|TH|ng|NG|[olijOL])
          (?![A-Za-z])(?:\{{\}}|\s+(?=[^\W\d_]))?
        | (?P<name>[A-Za-z]+)(?:\{{\}})?
        | [-!/()]
        | _(?<![^\W_]{{4}}\\_)[{{(]?(?=\d)
        | (?P<escaped>.) )
  | \{{(?P<braced>\\{_ACCENT})?
  | \}}(?P<between>\s*\{{)?
  | \$
  # CO_2, SP^3 and R$^{{2}}$ are CO2, SP3 and R2; task_1 and x_i are two words
  | \^(?:[{{(]?(?=\d)|(?P<high>))
  | _(?:(?<![^\W_]{{4}}_)[{{(]?(?=\d)|(?P<low>))
  | &(?P<entity>[A-Za-z][A-Za-z0-9]{{1,30}};|\#[0-9]{{1,7}};|\#[xX][0-9A-Fa-f]{{1,6}};)
  | <(?:/|(?P<opens>))su[bp]{_ATTRIBUTES}
  | </?(?:{_INLINE}){_ATTRIBUTES}
  | </?(?P<block>{_BLOCK}){_ATTRIBUTES}
    """,
    re.VERBOSE | re.DOTALL,
)
_SEPARATORS = frozenset({"dropped", "escaped", "between", "high", "low", "block"})
_ACCENTS = frozenset({"accent", "braced"})


def has_markup(text: str) -> bool:
    """May the text hold any? Most texts do not, and are read as they stand."""
    return (
        "\\" in text
        or "$" in text
        or "{" in text
        or "}" in text
        or "_" in text
        or "^" in text
        or "&" in text
        or "<" in text
    )


def read(text: str) -> str:
    """The text as a page would show it, near enough for its words."""
    return _MARKUP.sub(_shown, text)


def pieces(text: str) -> Iterator[tuple[str, int, int, bool]]:
    """`read(text)` in pieces, each with its place `[start:end]` in `text`, and whether
    it is an accent, which belongs to the letter after it."""
    done = 0
    for match in _MARKUP.finditer(text):
        start, end = match.span()
        yield text[done:start], done, start, False
        yield _shown(match), start, end, match.lastgroup in _ACCENTS
        done = end
    yield text[done:], done, len(text), False


def _shown(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind in _SEPARATORS:
        return " "
    if kind == "letter":
        return _LETTERS[match[kind]]
    if kind == "name":  # a function such as \log, or a paper's own \method, is a word
        symbol = _SYMBOLS.get(match[kind])
        return f" {match[kind]} " if symbol is None else symbol
    if kind == "entity":
        return html.unescape(match[0])
    if kind == "opens" and match.string[match.end() : match.end() + 1].isalpha():
        return " "
    return ""
