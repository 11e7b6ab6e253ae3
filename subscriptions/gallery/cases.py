"""The cases: digests from one paper to too many, in several scripts; each letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from subscriptions.rendering import (
    Again,
    Covered,
    Digest,
    Entry,
    Group,
    LetterMail,
    Rendered,
    digest,
    letter,
)
from subscriptions.rendering.letters import KINDS

from .invented import (
    DUE,
    OCEAN,
    OPTIMISERS,
    card,
    digest_of,
    entry,
    letter_of,
    reason,
    recipient,
    seven_papers,
)

_WAYS = (
    *("Patient", "Folded", "Borrowed", "Quiet", "Second-Hand", "Lazy", "Frugal"),
    "Moonlit",
)
_THINGS = (
    "Sampling for Tide Tables",
    "Attention over Ledgers",
    "Gradients on a Budget",
    "Maps of Unvisited Rooms",
    "Clocks for Slow Networks: Half a Second at a Time",
)


def mails() -> dict[str, Rendered]:
    """Each case's mail by its name, rendered with this installation's settings."""
    shown = {name: digest(made) for name, made in digests().items()}
    return shown | {name: letter(made) for name, made in letters().items()}


def letters() -> dict[str, LetterMail]:
    return {f"letter-{kind}": letter_of(kind) for kind in sorted(KINDS)}


def digests() -> dict[str, Digest]:
    usual = replace(seven_papers(), notes=(), again=())
    return {
        "usual-day": usual,
        "one-paper": digest_of(),
        "forty-papers": forty_papers(),
        "size-limit": size_limit(),
        "first-digest": replace(usual, first=True),
        "weekly": weekly(),
        "late-source": replace(usual, notes=(_LATE,)),
        "after-a-pause": after_a_pause(),
        "also-on-hugging-face": also_on_hugging_face(),
        "text-only": replace(usual, recipient=recipient(text_only=True)),
        "short-abstracts": replace(usual, recipient=recipient(full_abstracts=False)),
        "664-authors": many_authors(),
        "maths": maths(),
        "right-to-left": right_to_left(),
        "cjk": cjk(),
    }


_LATE = (
    "Hugging Face had not published its list when this was made; its papers come"
    " with the next one."
)


def numbered(number: int, start: int = 0, **changes: Any) -> list[Entry]:
    """Papers with titles and authors of their own."""
    titles = [f"{way} {thing}" for thing in _THINGS for way in _WAYS]
    return [
        entry(
            reason(OPTIMISERS, (titles[at].split()[0], "title")),
            **_own(at, titles[at]) | changes,
        )
        for at in range(start, start + number)
    ]


def _own(at: int, title: str) -> dict[str, Any]:
    return {
        "arxiv_id": f"2607.{at + 1:05}",
        "title": title,
        "authors": tuple(
            f"{chr(65 + (at + n) % 26)}. Sample" for n in range(1 + at % 6)
        ),
        "upvotes": at % 5 * 3,
    }


def forty_papers() -> Digest:
    groups = (
        Group(OPTIMISERS, tuple(numbered(28))),
        Group(OCEAN, tuple(numbered(12, start=28))),
    )
    return digest_of(groups=groups, matched=112)


def size_limit() -> Digest:
    """More than a mail may hold: the rest is on the web."""
    long = "虚构的摘要把一个简单的想法讲得很长，并且反复说明它为什么简单。" * 40
    code = "https://code.example.org/" + "a-long-way/" * 28
    papers = numbered(40, abstract=long, summary=long[:150], code_url=code)
    return digest_of(*papers, matched=90)


def weekly() -> Digest:
    days = [DUE - timedelta(days=back) for back in (0, 1, 4, 5, 6)]  # none at weekends
    papers = [
        each
        for at, day in enumerate(days)
        for each in numbered(5, start=5 * at, listed_on=day, day=day)
    ]
    return digest_of(
        *papers,
        weekly=True,
        editions=tuple(Covered("arXiv", day, 640 + day.day) for day in days),
        matched=61,
    )


def after_a_pause() -> Digest:
    days = [DUE - timedelta(days=back) for back in (0, 1, 4, 5, 6, 7, 8, 11, 12, 13)]
    return digest_of(
        *numbered(12, listed_on=days[3]),
        editions=tuple(Covered("arXiv", day, 640 + day.day) for day in days),
        matched=83,
        notes=("This reaches back 14 days; older lists are on the web.",),
    )


def also_on_hugging_face() -> Digest:
    titles = "Folded Gradients", "Ledger Attention: Sums That Add Up", "Quiet Proofs"
    again = tuple(
        Again(
            card(
                title=title, upvotes=62 - 20 * at, code_url="https://example.org/code"
            ),
            "Hugging Face",
            DUE - timedelta(days=3 + at // 2 * 5),
            f"https://papers.example.org/papers/2607.0009{at}",
        )
        for at, title in enumerate(titles)
    )
    return digest_of(*numbered(2), again=again)


def many_authors() -> Digest:
    names = tuple(f"{chr(65 + at % 26)}. Sample-{at + 1}" for at in range(664))
    title = "A Measurement of One Imaginary Particle with All Imaginary Detectors"
    return digest_of(entry(title=title, authors=names, categories=("hep-ex",)))


def maths() -> Digest:
    return digest_of(
        entry(
            title=r"Bounds of Order $\mathcal{O}(n^{3/2}\log n)$ for $\ell_2$-Sparse "
            r"Maps $f\colon \mathbb{R}^d \to \mathbb{R}$",
            abstract=r"For all $\epsilon > 0$ there is $\delta_{\epsilon} \ll 1$ with "
            r"$\| x - \hat{x} \|_2 \le C\,\delta_{\epsilon}^{-1/2}$, where "
            r"$\alpha \in [0, 2\pi)$. The proof costs \$5 \& an afternoon; "
            r"Schr{\"o}dinger and Poincar\'e would have needed less. It fails for "
            r"$\frac{\partial u}{\partial t} = \Delta u$, and $1 Million would not "
            "change that.",
        ),
        entry(
            arxiv_id="2607.00002",
            title=r"Raw by Design: $\newcommand{\x}{\x\x}\x$ and an unbalanced $ sign",
            abstract="A source may write what it likes: <think>this tag</think> and "
            r"<EOS> are text, {nested {braces {stay}}}, and $\unknownmacro{y}$ too.",
        ),
    )


def right_to_left() -> Digest:
    return digest_of(
        entry(
            reason("أمواج البحر", ("أمواج", "title")),
            title="نموذج مبتكر لأمواج البحر: أطلس تجريبي",
            authors=("ع. مثال", "س. مثال", "B. Sample"),
            abstract="هذا ملخص مخترع يبين كيف يُقرأ النص من اليمين إلى اليسار. تليه"
            " جملة ثانية فيها رقم 42 وكلمة SwellNet باللاتينية.",
        ),
        entry(
            reason("גלי ים", ("גלים", "abstract")),
            arxiv_id="2607.00002",
            title="אטלס דמיוני של גלים (with an English Subtitle)",
            authors=("א. דוגמה",),
            abstract="תקציר בדוי על גלים שאיש לא מדד. An English sentence follows it.",
        ),
    )


def cjk() -> Digest:
    return digest_of(
        entry(
            reason("长文本", ("长文本", "title")),
            title="长文本的虚构研究：一个没有空格也能换行的标题，而且还相当长",
            authors=("示例甲", "示例乙"),
            abstract="这是一篇虚构论文的摘要。它说明没有空格的文字如何换行，句号之后如何断开。"
            * 4,
        ),
        entry(
            reason("潮の満ち引き", ("潮", "title")),
            arxiv_id="2607.00002",
            title="架空の潮位表のための根気強い標本抽出",
            authors=("見本一郎",),
            abstract="これは架空の論文の要旨である。改行の位置と文字の幅を確かめるために書かれた。"
            * 3,
        ),
        entry(
            reason("긴 글", ("긴", "title")),
            arxiv_id="2607.00003",
            title="긴 글을 위한 가상의 주의 기법",
            authors=("보기 하나",),
            abstract="이 초록은 지어낸 것이다. 낱말 사이에 빈칸이 있는 글의 줄바꿈을"
            " 보여 준다.",
        ),
    )
