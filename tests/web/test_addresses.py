"""Which addresses can be subscribed (reliability section 6, inputs 1 to 12)."""

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from subscriptions.addresses import read_address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a@b",
        '" "@x.org',
        "user@[127.0.0.1]",
        "user@xn--",
        "x@y.org\r\nBcc: z@z.org",
        "x@y.org\u2028Bcc:z@z.org",
        "x@y.org\u0085z",
        "x%0d%0a@",
        "x\0@y.org",
        "x" * 65 + "@y.org",
        "x@" + ".".join(["y" * 60] * 4) + ".example.org",
        "δοκιμή@παράδειγμα.δοκιμή",
        "аpple@example.org",
        "postmaster@example.org",
        "Abuse@example.org",
        "a@b.org,c@d.org",
        "a@b.org;c@d.org",
        "a@b.org c@d.org",
        "Name <a@b.org>",
        "<a@b.org>",
    ],
)
def test_it_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_address(typed)
    assert refused.value.messages[0]


def test_our_own_sender_is_refused(settings: Settings) -> None:
    settings.EMAIL_FROM = "Paper Round <digest@papers.example.org>"
    with pytest.raises(ValidationError, match="mail system"):
        read_address("Digest@Papers.Example.org")


@pytest.mark.parametrize(
    "typed", ["bounces@papers.example.org", "Bounces+d1x-abc@papers.example.org"]
)
def test_where_bounces_go_is_refused(settings: Settings, typed: str) -> None:
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"
    with pytest.raises(ValidationError, match="mail system"):
        read_address(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("reader@example.org", "reader@example.org"),
        ("USER@Example.ORG", "USER@example.org"),
        ("a+b@gmail.com", "a+b@gmail.com"),
        ("a.b@gmail.com", "a.b@gmail.com"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("x" * 64 + "@example.org", "x" * 64 + "@example.org"),
        ("reader@bücher.example", "reader@xn--bcher-kva.example"),
    ],
)
def test_it_is_taken(typed: str, read: str) -> None:
    assert read_address(typed) == read
