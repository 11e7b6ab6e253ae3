"""A Django e-mail backend in EMAIL_URL: what is taken, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import environment, manage

MAILGUN = "backend:anymail.backends.mailgun.EmailBackend"
SERVICE = {
    "DEBUG": "false",
    "PUBLIC_URL": "https://papers.example.org",
    "EMAIL_FROM": "digest@papers.example.org",
    "POSTAL_ADDRESS": "Example Library, 1 Sample Street",
    "CONTROLLER": "Example Library",
    "CONTACT": "papers@example.org",
    "EMAIL_URL": MAILGUN,
    "ANYMAIL": "MAILGUN_API_KEY=a-key,MAILGUN_SENDER_DOMAIN=papers.example.org",
}


def test_a_service_may_send_by_a_mail_service(tmp_path: Path) -> None:
    answer = manage("check", "--deploy", settings=environment(tmp_path, **SERVICE))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("anymail.backends.nobody.EmailBackend", "No module named"),
        ("anymail.backends.mailgun.Backend", "does not define"),
        ("nobody.EmailBackend", "No module named 'nobody'"),
        ("django.core.mail.EmailMessage", "it is none."),
        ("anymail.backends.amazon_ses.EmailBackend", "The boto3 package"),
    ],
)
@pytest.mark.parametrize("variable", ["EMAIL_URL", "OPERATOR_EMAIL_URL"])
def test_a_backend_that_is_not_there_stops_the_start(
    variable: str, name: str, why: str, tmp_path: Path
) -> None:
    given = SERVICE | {variable: f"backend:{name}"}
    answer = manage("send", settings=environment(tmp_path, **given))
    assert answer.returncode == 1
    assert f"E013) {variable} is 'backend:{name}'; it takes the name" in answer.stderr
    assert why in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_key_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    settings = environment(tmp_path, **SERVICE | {"ANYMAIL": ""})
    answer = manage("send", settings=settings)
    assert answer.returncode == 1
    assert "MAILGUN_API_KEY" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_what_is_no_name_of_a_backend_is_told_at_once(tmp_path: Path) -> None:
    for wrong in ("backend:mailgun", "backend://anymail.backends", "backend:"):
        answer = manage("check", settings=environment(tmp_path, EMAIL_URL=wrong))
        assert f"EMAIL_URL is {wrong!r}; it takes the dotted name" in answer.stderr


@pytest.mark.parametrize("name", ["console", "dummy", "filebased", "locmem"])
def test_a_trial_may_use_a_backend_that_sends_nothing(
    name: str, tmp_path: Path
) -> None:
    url = f"backend:django.core.mail.backends.{name}.EmailBackend"
    settings = environment(tmp_path, EMAIL_URL=url)
    assert manage("check", "--deploy", settings=settings).returncode == 0
    assert manage("migrate", settings=settings).returncode == 0
    answer = manage("send", settings=settings)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "url", [MAILGUN, "backend:django.core.mail.backends.smtp.EmailBackend"]
)
def test_a_trial_mails_nobody_by_any_other(url: str, tmp_path: Path) -> None:
    given = {"EMAIL_URL": url, "ANYMAIL": "MAILGUN_API_KEY=a-key"}
    answer = manage("send", settings=environment(tmp_path, **given))
    assert answer.returncode == 1
    assert "EMAIL_URL, the server mail is handed to, is " in answer.stderr
    assert "a trial mails nobody" in answer.stderr
