"""What an answer holds beside its page, and what it leaves in the log."""

import logging
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from subscriptions.web.headers import PolicyMiddleware

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [200, 404, 500])
def test_head_is_answered_with_the_length_and_no_body(status: int) -> None:
    answer = PolicyMiddleware(lambda request: HttpResponse(b"12345", status=status))
    response = answer(RequestFactory().head("/"))
    assert response["Content-Length"] == "5"
    assert response.content == b""
    assert answer(RequestFactory().get("/")).content == b"12345"


def test_a_wrong_host_and_a_huge_form_are_refused_without_a_word(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400
    form = {"email": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    answer = client.post(
        "/subscribe", "email=" + form["email"], "application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    assert [record.name for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_watches_may_ask_by_any_host(client: Client, path: str) -> None:
    answer = client.get(path, HTTP_HOST="192.0.2.7:8000")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post(path, HTTP_HOST="192.0.2.7").status_code == 405


def test_a_wrong_host_is_told_from_what_is_not_understood(
    client: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://papers.example.org"
    said = client.get("/", HTTP_HOST="evil.example").content.decode()
    assert "It answers at" in said and "https://papers.example.org" in said
    assert "evil" not in said
    big = "email=" + "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    form = "application/x-www-form-urlencoded"
    said = client.post("/subscribe", big, form).content.decode()
    assert "too large" in said and "another address" not in said


def test_signing_in_leads_to_the_admin() -> None:
    assert settings.LOGIN_REDIRECT_URL == "/admin/"
