"""Styles go into the elements when a template loads; template tags come through."""

from __future__ import annotations

import re

from subscriptions.rendering import digest
from subscriptions.rendering.styles import inlined

from .mails import seven_papers

SHEET = ".a { color: red; } p { margin: 0; }"


def test_rules_go_into_style_attributes() -> None:
    assert inlined('<p class="a">x</p>', SHEET) == (
        '<p class="a" style="margin:0;color:red">x</p>'
    )


def test_template_tags_come_through_untouched() -> None:
    tags = '{% if a < b and "c>" %}<p>{{ x["&"] | e }}</p>{# <b> #}{% endif %}'
    assert inlined(tags, "") == tags


def test_an_expression_in_an_attribute_comes_through() -> None:
    source = '<a href="{{ links["x"] }}">y</a>'
    assert inlined(source, "") == source


def test_a_document_keeps_its_media_queries_and_conditional_comments() -> None:
    source = (
        "<!doctype html><html><head><style>{% include 'x' %}</style></head>"
        "<body><!--[if mso]><table><![endif]--></body></html>"
    )
    styled = inlined(source, SHEET)
    assert "<style>{% include 'x' %}</style>" in styled
    assert "<!--[if mso]><table><![endif]-->" in styled


def test_a_mail_has_its_styles_inline_and_nothing_from_elsewhere() -> None:
    html = digest(seven_papers()).html
    assert re.search(r'<h1 class="mast" style="[^"]*font-size:40px', html)
    assert "@media (prefers-color-scheme:dark)" in html
    assert not re.search(r"<(img|script|link|form|iframe|svg)\b|url\(|@import", html)


def test_the_frame_is_what_screen_readers_need() -> None:
    html = digest(seven_papers()).html
    assert '<html lang="en" dir="ltr">' in html
    assert html.count("<h1") == 1
    layout = re.findall(r"<table\b[^>]*>", html)
    assert layout and all('role="presentation"' in table for table in layout)
    for title in re.findall(r"<h3\b[^>]*>", html):
        assert 'dir="auto"' in title
