"""Templates cut at their holes and coded once, for all mails that share them.

A hole is what differs between readers: a link, the subject, or a whole block of the
template, which is in its turn coded once for each set of values it was given.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from . import columns, phrases, styles
from .encoding import coded
from .mail import Links

# Coded bytes, and the names of holes.
Pieces = tuple[bytes | str, ...]

# Lone surrogates: text of strangers has none (`maths.plain`), and one that stayed by
# mistake could not be encoded.
_OPEN, _CLOSE = "\udc00", "\udc01"
_HOLE = re.compile(f"{_OPEN}(.*?){_CLOSE}")
# What every template may call.
CALLS: dict[str, Any] = {
    "wrap": columns.wrap,
    "count": phrases.count,
    "name_of": phrases.filter_name,
}


def hole(name: str) -> Markup:
    """What stands in a rendered template where `name` is to be filled in."""
    return Markup(f"{_OPEN}{name}{_CLOSE}")  # noqa: S704  it is ours


def cut(rendered: str) -> Pieces:
    """A rendered template, coded, and the holes in it."""
    texts = _HOLE.split(rendered)
    pieces = (name if at % 2 else coded(name) for at, name in enumerate(texts))
    return tuple(piece for piece in pieces if piece)


# What every reader has their own of.
_OWN: dict[str, Any] = {
    "subject": hole("subject"),
    "next_names": hole("inside"),
    "links": Links(**{field.name: hole(field.name) for field in fields(Links)}),
}


def template(name: str, context: Mapping[str, Any]) -> Pieces:
    return cut(styles.render(name, {**CALLS, **context}))


@lru_cache(maxsize=64)
def frame(
    name: str, blocks: frozenset[str], constants: tuple[tuple[str, str], ...]
) -> Pieces:
    """A template with a hole for each of `blocks`."""
    holes = "".join(
        f"{{% block {block} %}}{hole(block)}{{% endblock %}}"
        for block in sorted(blocks)
    )
    source = f'{{% extends "{styles.FOLDER}{name}" %}}{holes}'
    made = styles.environment().from_string(source)
    return cut(made.render({**CALLS, **_OWN, **dict(constants)}))


@lru_cache(maxsize=30_000)
def block(
    name: str, block: str, needs: tuple[str, ...], values: tuple[Hashable, ...]
) -> Pieces:
    """One block of a template. It sees what it needs and nothing else, so that two
    mails with the same values cannot differ in it."""
    made = styles.environment().get_template(styles.FOLDER + name)
    told = dict(zip(needs, values, strict=True))
    context = made.new_context({**CALLS, **_OWN, **told})
    return cut("".join(made.blocks[block](context)))
