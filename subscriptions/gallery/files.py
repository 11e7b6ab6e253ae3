"""The gallery on disk: each case's files, and the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from subscriptions.rendering import Rendered

from .screenshots import SHOTS, NoBrowser, shoot

SHOWN = ("light-600", "dark-320")  # side by side on the page; the others by link
_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Gallery</title><style>
body { margin: 20px 6px 0 20px; font: 15px/1.4 Helvetica, Arial, sans-serif;
  background: #d9d6cf; }
section { display: inline-block; width: 462px; height: 470px; margin: 0 14px 14px 0;
  vertical-align: top; overflow: hidden; }
h2 { margin: 0 0 6px; font-size: 15px; white-space: nowrap; }
span { font-weight: normal; font-size: 11px; }
div { height: 440px; overflow: hidden; }
img { vertical-align: top; }
.light-600 { width: 296px; margin-right: 8px; }
.dark-320 { width: 158px; }
pre { height: 440px; margin: 0; padding: 10px; overflow: hidden; background: #fffdf8;
  font-size: 9.5px; }
</style></head><body>
"""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    subject: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written; `no_screenshots`: why there are none, or ""."""

    cases: tuple[Case, ...]
    no_screenshots: str


def write(folder: Path, mails: Mapping[str, Rendered]) -> Written:
    """Each mail as .eml, .txt and .html, its screenshots where Chromium is at hand,
    an `index.html` of them all and its picture, `gallery.jpg`.

    Raises OSError where they cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, mail in mails.items():
        (folder / f"{name}.eml").write_bytes(mail.message)
        (folder / f"{name}.txt").write_text(mail.text, encoding="utf-8")
        if mail.html:
            (folder / f"{name}.html").write_text(mail.html, encoding="utf-8")
    sections = [_section(name, mail) for name, mail in mails.items()]
    index = _HEAD + "\n".join(sections) + "\n</body></html>\n"
    (folder / "index.html").write_text(index, encoding="utf-8")
    why = ""
    try:
        shoot(folder, [name for name, mail in mails.items() if mail.html])
    except NoBrowser as missing:
        why = str(missing)
    cases = [
        Case(name, mail.subject, _files(folder, name)) for name, mail in mails.items()
    ]
    return Written(tuple(cases), why)


def _files(folder: Path, name: str) -> tuple[str, ...]:
    kinds = ["eml", "html", "txt", *(f"{shot}.png" for shot in SHOTS)]
    files = [folder / f"{name}.{kind}" for kind in kinds]
    return tuple(str(file) for file in files if file.exists())


def _section(name: str, mail: Rendered) -> str:
    shots = [f"{shot}.png" for shot in SHOTS] if mail.html else []
    files = [*(["html"] if mail.html else []), "txt", "eml", *shots]
    links = " ".join(
        f'<a href="{name}.{file}">{file.removesuffix(".png")}</a>' for file in files
    )
    shown = "".join(
        f'<img class="{shot}" src="{name}.{shot}.png" alt="{escape(mail.subject)}">'
        for shot in SHOWN
    )
    body = f"<div>{shown}</div>" if mail.html else f"<pre>{escape(mail.text)}</pre>"
    return f"<section><h2>{name} <span>{links}</span></h2>\n{body}</section>"
