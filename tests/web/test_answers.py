"""What an answer holds beside its page, and what it leaves in the log."""

import logging

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


def test_signing_in_leads_to_the_admin() -> None:
    assert settings.LOGIN_REDIRECT_URL == "/admin/"
