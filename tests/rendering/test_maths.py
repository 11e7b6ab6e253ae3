"""LaTeX becomes Unicode where that is faithful, and stays as it is elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.rendering import readable


@pytest.mark.parametrize(
    ("latex", "unicode"),
    [
        (r"$\ell_2$-norm", "ℓ₂-norm"),
        (r"Search \& Rescue, 50\% off", "Search & Rescue, 50% off"),
        (r"$\lambda \to 0$", "λ → 0"),
        (r"$\epsilon > 0$, $\alpha = \beta x$", "ϵ > 0, α = βx"),
        (r"$f\colon X \to \mathbb{R}$", "f: X → ℝ"),
        (r"$O(n\log n)$ and $\mathcal{O}(n^{2})$", "O(n log n) and O(n²)"),
        (r"$x_{t+1} \in \mathbb{R}^{d}$", "xₜ₊₁ ∈ ℝᵈ"),
        (r"$10^{-3}$, H$_2$O, $10\times$", "10⁻³, H₂O, 10×"),
        (r"$\pi_\theta(a|s)$", "π_θ(a|s)"),
        (r"$\alpha_{i,j}$", "α_(i,j)"),
        (r"$\frac{a}{b+1}$ and $\frac12$", "a/(b+1) and 1/2"),
        (r"$\sqrt{x}$, $\hat{y}$, $\|z\|_2$", "√x, ŷ, ‖z‖₂"),
        (r"$\{0,1\}^n$", "{0,1}ⁿ"),
        (r"$\approx$5 and $90^\circ$", "≈5 and 90°"),
        (r"Erd\H{o}s, G{\"o}del", "Erdős, Gödel"),
        (r"Poincar\'e, na\"{\i}ve", "Poincaré, naïve"),
        (r"\textbf{bold \emph{and} slanted}", "bold and slanted"),
        (r"\url{https://a.example/x_1}", "https://a.example/x_1"),
        (r"at https://a--b.example/c~1 -- now", "at https://a--b.example/c~1 – now"),
        (r"\href{https://a.example/x--y}{x--y}", "x–y (https://a.example/x--y)"),
        (r"``https://a.example/\~user\_1''", "“https://a.example/~user_1”"),
        (r"https://a.example/\~{}user", "https://a.example/~user"),
        ("``quoted'' -- so --- 3--5", "“quoted” – so — 3–5"),
        (r"\(\tau\)-bench", "τ-bench"),
    ],
)  # fmt: skip
def test_faithful_pairs(latex: str, unicode: str) -> None:
    assert readable(latex) == unicode


@pytest.mark.parametrize(
    "text",
    [
        "$1 Million and $2",
        "costs $5 (US$) or $10",
        "<think> and <EOS>",
        r"\input{/etc/passwd}",
        r"$\newcommand{\x}{\x\x}\x$",
        r"$\unknown{x} \leq 3$",
        "unbalanced $x_1",
        "a_b ^ c {d}",
        "run --verbose",
        "about ~5 %",
        "$" + "{" * 200 + "}" * 200 + "$",
        "$" + "_{a" * 60 + "}" * 60 + "$",
        r"\newcommand{\loop}{\loop}\loop",
    ],
)
def test_what_is_no_formula_or_not_faithful_stays(text: str) -> None:
    assert readable(text) == text


def test_it_gives_one_line_without_invisible_controls() -> None:
    assert readable(" a\u2028b\r\nc\x00d\u202ee\ud800 ") == "a b c d e\ufffd"


def test_very_long_text_is_not_looked_into() -> None:
    assert readable(r"$\ell_2$" + "x" * 20_000).startswith(r"$\ell_2$")


@given(st.text(alphabet="\\${}_^ab1 ~-`'\"()[]frcsqt|%&", max_size=80))
def test_any_text_gives_one_clean_line_and_the_same_twice(text: str) -> None:
    once = readable(text)
    assert re.sub(r"\s+", " ", once).strip() == once.strip()
    assert once == readable(text)
    assert len(once) <= 3 * len(text) + 10


@given(st.text())
def test_no_text_is_refused(text: str) -> None:
    readable(text).encode()


def test_few_real_abstracts_keep_latex(shared: Path) -> None:
    texts = [
        row[field]
        for path in sorted((shared / "data" / "arxiv_daily").glob("*.jsonl"))
        for row in map(json.loads, path.read_text().splitlines())
        for field in ("title", "summary")
    ]
    kept = [text for text in texts if re.search(r"\\[A-Za-z]", readable(text))]
    assert 0 < len(kept) < len(texts) / 50
