"""Every page answers, under its policy, and loads nothing from elsewhere."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client
from pytest_django import Settings

from subscriptions import web
from tests import factories

from .world import a_world, path_of

pytestmark = pytest.mark.django_db

STRICT = {
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "frame-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


def test_every_page_answers_200(client: Client) -> None:
    answers = {
        name: client.get(at).status_code for name, at in a_world().pages().items()
    }
    assert set(answers.values()) == {200}, answers


def test_every_page_but_mail_has_the_strict_policy(client: Client) -> None:
    for name, at in a_world().pages().items():
        response = client.get(at)
        if "document" in name:
            continue
        policy = set(response["Content-Security-Policy"].split("; "))
        assert policy >= STRICT, name
        assert "unsafe" not in response["Content-Security-Policy"], name
        assert response["X-Frame-Options"] == "DENY", name
        assert response["X-Content-Type-Options"] == "nosniff", name
        assert response["Permissions-Policy"], name


def test_no_page_has_inline_script_or_style_or_another_host(client: Client) -> None:
    for name, at in a_world().pages().items():
        if "document" in name:
            continue
        html = client.get(at).content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", html), name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html)), name
        loaded = re.findall(
            r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"([^\"]+)", html
        )
        assert all(each.startswith("/") for each in loaded), (name, loaded)


def test_a_token_is_in_no_cache_and_in_no_referrer(client: Client) -> None:
    pages = a_world().pages()
    private = ("confirm", "preferences", "erase", "unsubscribe", "digest", "tune")
    more = ("export", "address", "new address", "withdraw address", "still useful")
    for name in (*private, *more, "inbox"):
        response = client.get(pages[name])
        assert response["Cache-Control"] == "no-store", name
        assert response["Referrer-Policy"] == "strict-origin", name  # never a path


def test_hostile_text_is_shown_as_text(client: Client) -> None:
    html = client.get(a_world().pages()["paper"]).content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7*7 }}" in html
    assert "javascript:" not in html
    assert 'href="https://example.org/project"' in html


@pytest.mark.parametrize(
    "at",
    [
        "/nothing",
        "/papers/9999.99999",
        "/papers/date/2026-13-01",
        "/papers/date/0000-01-01",
        "/papers/date/0001-01-01",
        "/papers/date/9999-12-31",
        "/?source=elsewhere",
        "/confirm/forged",
        "/me/forged/",
        "/unsubscribe/forged",
        "/digests/forged",
        "/inbox/../../etc/passwd",
    ],
)
def test_what_is_not_there_gets_our_404(client: Client, at: str) -> None:
    a_world()
    response = client.get(at)
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()
    assert "Content-Security-Policy" in response


def test_our_404_is_shown_with_debug_too(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    for at in ("/nothing", "/papers/9999.99999", "/confirm/forged"):
        html = client.get(at).content.decode()
        assert "There is nothing at this address" in html, at


def test_our_500_needs_nothing_of_the_request() -> None:
    html = render_to_string("500.html", using="jinja2")
    assert "Something broke on our side" in html


def test_a_token_of_one_purpose_opens_no_other_door(client: Client) -> None:
    world = a_world()
    token = world.pages()["unsubscribe"].rpartition("/")[2]
    mine = f"/me/{token}/"
    for other in (f"/confirm/{token}", mine, f"{mine}erase", f"{mine}export"):
        assert client.get(other).status_code == 404, other


def test_the_web_server_is_asked_whether_it_lives(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").content == b"ok\n"


def test_the_front_page_with_a_full_day_stays_below_60_kb(client: Client) -> None:
    edition = factories.an_edition(source="hf")
    for number in range(40):
        paper = factories.a_paper(
            title=f"A Title of a Usual Length, for Measuring, Number {number}",
            abstract="An invented sentence that fills the column quite well. " * 30,
            upvotes=number,
            comments=number,
            submitter="sample-of-a-name",
        )
        factories.a_listing(paper, edition)
    page = len(client.get("/").content)
    static = Path(web.__file__).parent.parent / "static" / "subscriptions"
    parts = sum(
        (static / name).stat().st_size
        for name in ("site.css", "zone.js", "preview.js", "favicon.svg")
    )
    assert page + parts < 60_000, (page, parts)


def test_a_path_of_a_link_is_on_this_site(client: Client) -> None:
    world = a_world()
    html = client.get(world.pages()["preferences"]).content.decode()
    assert world.active.email not in html  # a forwarded link tells no address
    assert path_of(world.pages()["unsubscribe"]) in html


def test_a_slash_too_many_or_too_few_is_led_on(client: Client) -> None:
    for typed, meant in (
        ("/admin", "/admin/"),
        ("/inbox", "/inbox/"),
        ("/papers/", "/papers"),
        ("/subscribe/", "/subscribe"),
    ):
        assert client.get(typed)["Location"] == meant
        assert client.post(typed).status_code == 404


def test_a_slash_leads_to_no_other_host(client: Client) -> None:
    for typed in ("//evil.example", "//evil.example/", "//inbox", "//admin"):
        assert client.get("/", PATH_INFO=typed).status_code == 404, typed
