"""The mails' templates, their CSS inlined once when a template loads.

Mail clients strip style sheets, so `emails/mail.css` goes into style attributes; what
only some clients know (dark, narrow) stays in the <style> of the base. css-inline
parses HTML, so template tags are hidden from it: statements as comments, which may
stand anywhere, expressions as words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import css_inline
from django.template import engines
from jinja2 import BaseLoader, Environment

FOLDER = "emails/"
_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}", re.S)
_HIDDEN = re.compile(r"<!--jinja(\d+)-->|jinja(\d+)end")


def render(name: str, context: dict[str, Any]) -> str:
    """The template `emails/<name>`, filled."""
    return environment().get_template(FOLDER + name).render(context)


@cache
def environment() -> Environment:
    """The site's environment with its styles inlined; escaping stays by file name."""
    site = cast(Any, engines["jinja2"]).env
    styled = _Styled(site.loader)
    made = site.overlay(
        loader=styled,
        cache_size=64,
        keep_trailing_newline=True,
        auto_reload=False,  # what was made of them is kept anyway
    )
    return cast(Environment, made)


class _Styled(BaseLoader):
    def __init__(self, plain: BaseLoader) -> None:
        self._plain = plain

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, uptodate = self._plain.get_source(environment, template)
        if template.startswith(FOLDER) and template.endswith(".html"):
            sheet = self._plain.get_source(environment, f"{FOLDER}mail.css")[0]
            source = inlined(source, sheet)
        return source, path, uptodate


def inlined(source: str, sheet: str) -> str:
    """`source`, a template, with the rules of `sheet` in its style attributes."""
    tags: list[str] = []

    def hide(match: re.Match[str]) -> str:
        tags.append(match[0])
        number = len(tags) - 1
        is_text = match[0].startswith("{{")
        return f"jinja{number}end" if is_text else f"<!--jinja{number}-->"

    hidden = _TAG.sub(hide, source)
    inliner = css_inline.CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
        minify_css=True,
        extra_css=sheet,
    )
    is_document = hidden.lstrip().lower().startswith("<!doctype")
    styled = (
        inliner.inline(hidden)
        if is_document
        else inliner.inline_fragment(hidden, sheet)
    )
    # Indentation would be a fifth of a mail; nothing here is preformatted.
    styled = re.sub(r"\n\s*", "\n", styled)
    if is_document:
        styled = styled.rstrip("\n") + "\n"  # a part ends with a whole line
    return _HIDDEN.sub(lambda m: tags[int(m[1] or m[2])], styled)
