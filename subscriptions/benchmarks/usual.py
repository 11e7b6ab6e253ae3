"""What the assembly of digests is measured against, and checked by: the same templates
rendered whole for every reader, and the usual libraries around them."""

from __future__ import annotations

import logging
from email.utils import format_datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template import Template as DjangoTemplate
from jinja2 import Template

from subscriptions.rendering import Digest, headers, papers, phrases, styles
from subscriptions.rendering.digest import FULL_ABSTRACTS
from subscriptions.rendering.footer import constants
from subscriptions.rendering.pieces import CALLS
from subscriptions.rendering.surroundings import values

_HTML = """{% extends "emails/digest/body.html" %}
{% block sections %}
  {% for name, number, shown in sections %}
    {% include "emails/parts/section.html" %}
    {% for paper, why, names, actions in shown %}
      {% include "emails/parts/paper.html" %}
      {% set also %}{% include "emails/parts/also.html" %}{% endset %}
      {% include "emails/parts/why.html" %}
      {% include "emails/parts/actions.html" %}
      {% if not loop.last %}
        {% include "emails/parts/rule.html" %}
      {% endif %}
    {% endfor %}
  {% endfor %}
{% endblock %}
"""
_TEXT = """{% extends "emails/digest/body.txt" %}
{% block sections %}
{% for name, number, shown in sections %}
{% include "emails/parts/section.txt" %}
{% for paper, why, names, actions in shown %}

{{ paper.place }}
{%- include "emails/parts/paper.txt" %}
{% set also %}{% include "emails/parts/also.txt" %}{% endset %}
{% include "emails/parts/why.txt" %}
{% include "emails/parts/actions.txt" %}
{% endfor %}
{% endfor %}
{% endblock %}
"""
# The same content and classes in Django's language.
_DJANGO = """<!DOCTYPE html>
<html lang="en"><head><title>{{ subject }}</title><style>STYLE</style></head>
<body class="page"><table class="frame"><tr><td class="body">
{% if inside %}<p class="peek">Also inside: {{ next_names }}</p>{% endif %}
<p class="top">{{ filters }} ·
<a class="quiet" href="{{ links.preferences }}">Preferences</a>
· <a class="quiet" href="{{ links.unsubscribe }}">Unsubscribe</a>
· <a class="quiet" href="{{ links.web }}">Read on the web</a></p>
<h1 class="mast">{{ site }}</h1>
<table class="dateline"><tr><td class="ear">{{ due }}</td>
<td class="ear-end">{{ papers }} for you, of {{ listed }} listed</td></tr></table>
<p class="editions">{% for source, day, number in editions %}
{{ source }}, {{ day }}: {{ number }} papers{% if not forloop.last %};{% endif %}
{% endfor %}</p>
{% for name, number, shown in sections %}
<h2 class="group">{{ name }}
<span class="tally">· {{ number }} papers</span></h2>
{% for paper, why, names, actions in shown %}
<p class="kicker"><span class="field">{{ paper.category }}</span>
{% for fact in paper.facts %} · {{ fact }}{% endfor %}</p>
<h3 class="title">
<a class="headline" href="{{ paper.url }}">{{ paper.title }}</a></h3>
<p class="by">{{ paper.authors|join:", " }}{{ paper.more_authors }}
· {{ paper.how_many }}</p>
{% if paper.summary %}
<p class="short"><i>In short:</i> {{ paper.summary }}</p>{% endif %}
<p class="abstract">{{ paper.abstract }}</p>
<p class="why">Why: <b>{{ why.filter }}</b>:
{% for before, words, after in why.found %}
{{ before }}<span class="mark">{{ words }}</span>{{ after }}{% endfor %}
{% for name in names %}; also in <b>{{ name }}</b>{% endfor %}</p>
<p class="actions">{% for label, address in actions %}
<a class="action" href="{{ address }}">{{ label }}</a>{% endfor %}</p>
{% endfor %}{% endfor %}
<div class="foot">You get this because you confirmed on {{ confirmed }} that
you want papers for these filters at {{ hour }}, {{ zone }}.<br>
<a class="quiet" href="{{ links.preferences }}">Preferences</a> ·
<a class="quiet" href="{{ links.unsubscribe }}">Unsubscribe</a><br>{{ imprint }}</div>
</td></tr></table></body></html>
"""


def context(d: Digest, kept: int, full: int) -> dict[str, Any]:
    """All that both templates say, the first `kept` papers included."""
    sections: list[tuple[str, int, list[Any]]] = []
    names: list[str] = []
    for name, entries in papers.sections(d, kept):
        shown = []
        for entry in entries:
            about = entry.card, entry.source == "Sample", entry.page_url
            paper = papers.shown(*about, len(names) < full, leads=not names)
            said = {each: getattr(paper, each) for each in paper.__slots__}
            names.append(phrases.short_name(paper.title))
            place = f"{len(names)}.".ljust(4)
            why, others = papers.why(entry.reasons), papers.others(entry.reasons)
            actions = papers.actions(entry.card, about[1], d.links.tune)
            shown.append((SimpleNamespace(**said, place=place), why, others, actions))
        sections.append((name, len(entries), shown))
    subject, named = phrases.subject(names, d.due_date, _all(d))
    inside = phrases.inside(names[named:])
    return {
        **CALLS,
        **values(d, _all(d), kept, inside > 0),
        **dict(constants()),
        "subject": subject,
        "next_names": " · ".join(names[named:][:inside]),
        "links": d.links,
        "sections": sections,
    }


def rendered(d: Digest, kept: int, full: int) -> tuple[str, str, str]:
    """Subject, HTML and text of a digest, each template rendered whole."""
    told = context(d, kept, full)
    html, text = _templates()
    return told["subject"], html.render(told), text.render(told)


def jinja(d: Digest, abstracts: int = FULL_ABSTRACTS) -> bytes:
    """Jinja2, styles inlined when the templates load, and Django's message."""
    subject, html, text = rendered(d, _all(d), abstracts)
    return _message(d, subject, html, text).message().as_bytes()


def premailer(d: Digest, abstracts: int = FULL_ABSTRACTS) -> bytes:
    """`premailed`, coded."""
    return premailed(d, abstracts).message().as_bytes()


def premailed(d: Digest, abstracts: int = FULL_ABSTRACTS) -> EmailMultiAlternatives:
    """Django's templates and premailer, and Django's message: what is found in most
    newsletters. Its text part is the one of `jinja`."""
    from premailer import Premailer  # type: ignore[import-untyped]

    told = context(d, _all(d), abstracts)
    html = _django().render(Context(told))
    inlined = Premailer(html, cssutils_logging_level=logging.CRITICAL).transform()
    return _message(d, told["subject"], inlined, _templates()[1].render(told))


def _all(d: Digest) -> int:
    return sum(len(group.entries) for group in d.groups)


@cache
def _templates() -> tuple[Template, Template]:
    made = styles.environment()
    return made.from_string(_HTML), made.from_string(_TEXT)


@cache
def _django() -> DjangoTemplate:
    folder = settings.BASE_DIR / "templates" / "emails"
    sheet = "".join((folder / name).read_text() for name in ("mail.css", "extras.css"))
    return Engine().from_string(_DJANGO.replace("STYLE", sheet))


def _message(d: Digest, subject: str, html: str, text: str) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject,
        text,
        headers.sender(settings.EMAIL_FROM, settings.SITE_NAME),
        [d.recipient.address],
        headers={
            "Date": format_datetime(d.envelope.date),
            "Message-ID": d.envelope.message_id,
            "List-Unsubscribe": f"<{d.links.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"{settings.SITE_NAME} <{settings.LIST_ID}>",
            "Feedback-ID": d.envelope.feedback_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Precedence": "bulk",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail
