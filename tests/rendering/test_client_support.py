"""Gmail, Outlook, Apple Mail and Yahoo know what our mails are built of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from subscriptions import gallery

from .support import known

FEATURES: dict[str, str] = json.loads(
    (Path(__file__).parent / "support" / "clients.json").read_text()
)["features"]
_OTHER_NAMES = {
    **{f"html-h{level}": "html-h1-h6" for level in range(1, 7)},
    **{f"html-{tag}": "html-table" for tag in ("tbody", "tr", "td")},
    **{"html-b": "html-strong", "html-main": "html-semantics"},
}


class Uses(HTMLParser):
    """What a mail uses: (feature's name, "tag value", how EXTRAS names it)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str, str]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in known.UNTRACKED_TAGS:
            self.found.add((f"html-{tag}", f"{tag} ", f"<{tag}>"))
        for name, value in attrs:
            if name not in known.UNTRACKED_ATTRIBUTES:
                self.found.add((f"html-{name}", f"{tag} {value}", f"{tag} {name}"))
            for declaration in (value or "").split(";") if name == "style" else []:
                self._declared(tag, declaration)

    def _declared(self, tag: str, declaration: str) -> None:
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name and name not in known.UNTRACKED_PROPERTIES:
            self.found.add((f"css-{name}", f"{tag} {value}", f"{tag} {name}: {value}"))


def feature_of(name: str) -> str:
    name = _OTHER_NAMES.get(name, name)
    shorter = re.sub(r"^css-(border|margin|padding)-.*", r"css-\1", name)
    return name if name in FEATURES else shorter


def objections(pages: Iterable[str]) -> Iterator[str]:
    uses = set().union(*(Uses(html).found for html in pages))
    for name, use, extra in sorted(uses):
        feature = feature_of(name)
        support = FEATURES.get(feature, "")
        partly = known.PARTLY.get(feature)
        if extra in known.EXTRAS or set(support) == {"y"}:
            continue
        if not support:
            yield f"{extra}: caniemail does not know it"
        elif "n" in support or "u" in support or partly is None:
            yield f"{extra}: {support}"
        elif partly.lacking and re.search(partly.lacking, use):
            yield f"{extra}: {partly.why}"


def pages() -> list[str]:
    return [mail.html for mail in gallery.mails().values() if mail.html]


def test_every_family_knows_what_the_mails_use() -> None:
    assert list(objections(pages())) == []


@pytest.mark.parametrize(
    "html",
    [
        '<p style="display:flex">x</p>',
        '<p style="margin:-4px 0">x</p>',
        '<p style="position:absolute">x</p>',
        '<p style="color-of-mind:blue">x</p>',
        '<div style="width:600px">x</div>',
        '<p style="text-align:end">x</p>',
        "<svg></svg>",
        "<form></form>",
        '<p aria-hidden="true">x</p>',
    ],
)
def test_what_a_family_does_not_know_is_found(html: str) -> None:
    assert len(list(objections([html]))) == 1


def test_every_reason_is_still_needed() -> None:
    uses = set().union(*(Uses(html).found for html in pages()))
    assert set(known.EXTRAS) <= {extra for _, _, extra in uses}
    assert set(known.PARTLY) <= {feature_of(name) for name, _, _ in uses}


def test_text_stands_left_where_start_is_unknown() -> None:
    for html in pages():
        cells = re.findall(r"<td [^>]*text-align:start[^>]*>", html)
        assert cells
        assert not [cell for cell in cells if ' align="left"' not in cell]
