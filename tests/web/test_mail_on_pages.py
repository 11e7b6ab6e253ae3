"""Digests and the embedded inbox: mail as HTML, inert in a frame."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from subscriptions import pipeline

from .world import a_world

pytestmark = pytest.mark.django_db

KEY = "20260707080000-000000-0123abcd"
MAIL = (
    b"From: Paper Round <digest@example.org>\r\nTo: reader@example.org\r\n"
    b"Subject: Hostile <b>mail</b>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nhttp://127.0.0.1:8000/confirm/t <b>\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<html><head></head><body>"
    b"<script>alert(1)</script><p>Part</p></body></html>\r\n--x--\r\n"
)


@pytest.fixture
def a_mail(settings: Settings, tmp_path: Path) -> None:
    settings.INBOX_DIR = tmp_path
    (tmp_path / f"{KEY}.eml").write_bytes(MAIL)


def assert_inert(policy: str) -> None:
    assert {"default-src 'none'", "frame-ancestors 'self'"} <= set(policy.split("; "))
    sandbox = re.search(r"; sandbox([^;]*)$", policy)
    assert sandbox
    assert set(sandbox[1].split()) <= {"allow-popups", "allow-popups-to-escape-sandbox"}


def test_a_digest_is_framed_and_its_document_is_inert(client: Client) -> None:
    pages = a_world().pages()
    page = client.get(pages["digest"]).content.decode()
    framed = re.search(r'<iframe class="mail"\s+src="([^"]*)"\s+sandbox=', page)
    assert framed
    assert framed[1] == pages["digest document"]
    assert "allow-scripts" not in page
    assert "allow-same-origin" not in page
    document = client.get(pages["digest document"])
    assert_inert(document["Content-Security-Policy"])
    assert document["X-Frame-Options"] == "SAMEORIGIN"
    html = document.content.decode()
    assert html.startswith("<!")  # no quirks mode
    assert '<base target="_blank">' in html
    assert "Invented Paper" in html


def test_a_digest_that_has_had_its_90_days_is_no_longer_kept(client: Client) -> None:
    """Counted from when it was made, though it is of a date in spring."""
    world = a_world()
    pages = world.pages()
    made = timezone.now()
    pipeline.forget(made + timedelta(days=89))
    assert client.get(pages["digest"]).status_code == 200
    pipeline.forget(made + timedelta(days=91))
    response = client.get(pages["digest"])
    assert response.status_code == 410
    assert "This digest is no longer kept" in response.content.decode()
    assert client.get(pages["digest document"]).status_code == 404


def test_a_reader_of_text_has_the_digest_on_the_web_all_the_same(
    client: Client,
) -> None:
    world = a_world()
    world.active.text_only = True
    world.active.save()
    html = client.get(world.pages()["digest document"]).content.decode()
    assert "Invented Paper" in html


@pytest.mark.usefixtures("a_mail")
def test_the_inbox_lists_what_was_mailed(client: Client) -> None:
    html = client.get("/inbox/").content.decode()
    assert "Hostile &lt;b&gt;mail&lt;/b&gt;" in html
    assert f"/inbox/{KEY}" in html


@pytest.mark.usefixtures("a_mail")
def test_a_mail_shows_both_parts_and_its_headers(client: Client) -> None:
    html = client.get(f"/inbox/{KEY}").content.decode()
    framed = re.search(
        r'<iframe class="mail"\s+src="([^"]*)"\s+sandbox="([^"]*)"', html
    )
    assert framed
    assert framed[1] == f"/inbox/{KEY}/document"
    assert framed[2] == "allow-popups allow-popups-to-escape-sandbox"
    assert 'href="http://127.0.0.1:8000/confirm/t"' in html
    assert "&lt;b&gt;" in html
    assert "MIME-Version: 1.0" in html
    document = client.get(f"/inbox/{KEY}/document")
    assert_inert(document["Content-Security-Policy"])
    assert '<head><base target="_blank"></head>' in document.content.decode()


@pytest.mark.usefixtures("a_mail")
def test_a_mail_is_there_as_it_came(client: Client) -> None:
    response = client.get(f"/inbox/{KEY}/raw")
    assert response.content == MAIL
    assert response["Content-Type"].startswith("text/plain")
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.usefixtures("a_mail")
def test_without_the_embedded_inbox_there_is_no_such_page(
    client: Client, settings: Settings
) -> None:
    settings.EMBEDDED_INBOX = False
    for at in (
        "/inbox/",
        f"/inbox/{KEY}",
        f"/inbox/{KEY}/document",
        f"/inbox/{KEY}/raw",
    ):
        assert client.get(at).status_code == 404


def test_a_key_that_is_none_is_not_found(client: Client) -> None:
    for key in ("nothing", "..%2f..%2fetc%2fpasswd", "%00"):
        assert client.get(f"/inbox/{key}").status_code == 404
