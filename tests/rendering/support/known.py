"""What of our mails some clients show only in part, or not at all, and why that is all
right. Everything else must be known to all five families of clients.json."""

from __future__ import annotations

from typing import NamedTuple


class Partly(NamedTuple):
    """`lacking` matches the uses, as "tag value", that a family does not know; we have
    none of them. "" where every use is affected and none suffers."""

    lacking: str
    why: str


# Older than caniemail's data, which does not ask about them.
UNTRACKED_PROPERTIES = {"color", "font-family", "font-style"}
UNTRACKED_TAGS = {"html", "head", "title", "meta", "a", "br", "i"}
UNTRACKED_ATTRIBUTES = {
    "charset",
    "name",
    "content",
    "class",
    "style",
    "border",
    "href",
}

PARTLY = {
    "css-border": Partly(
        r"\b(9|\d\d+)px", "Outlook for Windows draws at most 8 px, on p and div badly"
    ),
    "css-display": Partly(r"flex|grid|table|flow|contents", "Gmail without an account"),
    "css-font-size": Partly(
        r"rem$|%$|er$", "px only, in Outlook for Windows and Yahoo"
    ),
    "css-font-weight": Partly(
        r" (?!400$|700$)", "Outlook for Windows knows normal and bold"
    ),
    "css-letter-spacing": Partly(r"em$|-[1-9]\d*px", "large negative ones differ"),
    "css-line-height": Partly(
        r"(px|em|%|normal)$", "numbers only, in Outlook for Windows"
    ),
    "css-margin": Partly(
        r"-\d|auto|^span .*[1-9]|^body .*[1-9]", "none below 0 outside Apple Mail"
    ),
    "css-max-width": Partly(r"^(?!table )", "Outlook for Windows: on tables only"),
    "css-padding": Partly(
        "", "Outlook for Windows: in table cells only; the rest stands closer there"
    ),
    "css-text-align": Partly(
        r"match-parent|(start|end)$", "outside Gmail and Apple Mail left and right only"
    ),
    "css-text-decoration": Partly(r"overline| \S+ \S", "one value, and not this one"),
    "css-width": Partly(
        r"^(body|span|div|p|img) ", "Outlook for Windows: not on these elements"
    ),
    "html-dir": Partly(r"^(a|table|td) ", "not on links and cells, in some"),
    "html-lang": Partly(r"^td ", "Yahoo: not on cells"),
    "html-role": Partly(r"^(?!table )", "Yahoo: on tables only"),
    "html-width": Partly(r"^img ", "Outlook for Windows: images by their own width"),
}

# Uses that a family does not know at all; the mail is whole without them.
EXTRAS = {
    "td text-align: start": "the cell says align=left too; start lets right-to-left"
    " text stand at its own side where that is known",
    "a display: inline-block": "a button without it is a link on a coloured ground",
    "td word-break: break-word": "without it one very long word widens the mail",
    "p word-break: break-all": "without it a long link widens the mail",
    "<body>": "becomes a div or nothing; the outer table has the same ground",
    "<style>": "what all need stands in style attributes",
    "<main>": "a landmark for screen readers; taken out, its content stays",
}
