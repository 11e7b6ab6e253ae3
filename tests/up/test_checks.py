"""Nothing that can send starts before it is said who sends."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from subscriptions import checks

from .running import ROOT, environment, manage

ASKED_FOR = ["PUBLIC_URL", "EMAIL_FROM", "POSTAL_ADDRESS", "CONTROLLER", "CONTACT"]
LITERAL = "digest@[127.0.0.1]"


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything set as it should be for real readers."""
    settings.DEBUG = settings.EMBEDDED_INBOX = False
    settings.PUBLIC_URL = "https://papers.example.org"
    settings.PUBLIC_IS_LOOPBACK = settings.SENDER_IS_LOOPBACK = False
    settings.EMAIL_SERVER = replace(settings.EMAIL_SERVER, host="mail.example.org")
    settings.EMAIL_FROM = "digest@papers.example.org"
    monkeypatch.setenv("EMAIL_FROM", settings.EMAIL_FROM)
    monkeypatch.setenv("EMAIL_URL", "smtp://mail.example.org")
    settings.POSTAL_ADDRESS = "Example Library, 1 Sample Street"
    settings.CONTROLLER = "Example Library"
    settings.CONTACT = "papers@example.org"


@pytest.mark.usefixtures("service")
def test_a_service_that_says_who_it_is_may_mail() -> None:
    checks.refuse_to_mail()


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "http://papers.example.org"),
        ("POSTAL_ADDRESS", ""),
        ("CONTROLLER", " "),
        ("CONTACT", ""),
    ],
)
def test_each_of_these_is_asked_for(name: str, value: str, settings: Settings) -> None:
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=rf"(?s){name}, .*DEBUG=true"):
        checks.refuse_to_mail()
    assert len(checks.may_mail()) == 1


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("key", ["...", "k" * 60, "abcdefghij" * 4])
def test_a_key_that_can_be_guessed_signs_no_links(key: str, settings: Settings) -> None:
    settings.SECRET_KEY = key
    with pytest.raises(ImproperlyConfigured, match="takes at least 50 random") as told:
        checks.refuse_to_mail()
    assert f"has {len(key)} characters" in str(told.value)
    assert repr(key) not in str(told.value)


def test_a_folder_that_everybody_may_look_into_is_warned_about(
    tmp_path: Path, settings: Settings
) -> None:
    settings.VAR_DIR = tmp_path
    tmp_path.chmod(0o755)
    assert [each.id for each in checks.own_folder()] == ["subscriptions.W002"]
    tmp_path.chmod(0o750)
    assert checks.own_folder() == []


def test_a_name_that_is_none_and_looks_like_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("EMAIL_FORM=a@example.org\nEMAIL_FROM=b@example.org\nTZ=UTC\n")
    monkeypatch.setenv("ENV_FILE", str(file))
    assert [each.msg for each in checks.misspelt()] == [
        f"EMAIL_FORM in {file} is no setting and sets nothing; is it EMAIL_FROM?"
    ]


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.2", "[::1]", "papers.localhost", "LOCALHOST."]
)
def test_readers_reach_no_site_and_no_sender_of_this_machine(
    host: str, tmp_path: Path
) -> None:
    sender = "Paper Round <digest@papers.localhost>" if host[-1] == "t" else LITERAL
    settings = environment(
        tmp_path, DEBUG="false", PUBLIC_URL=f"https://{host}", EMAIL_FROM=sender
    )
    answer = manage("check", "--deploy", settings=settings)
    assert answer.returncode == 1
    assert "E002) PUBLIC_URL" in answer.stderr
    assert "E003) EMAIL_FROM" in answer.stderr


@pytest.mark.usefixtures("service")
def test_a_sender_that_was_only_guessed_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("EMAIL_FROM")
    monkeypatch.delenv("EMAIL_URL")
    with pytest.raises(ImproperlyConfigured, match=r"(?s)EMAIL_FROM.*EMAIL_URL"):
        checks.refuse_to_mail()


@pytest.mark.usefixtures("service")
def test_a_trial_hands_mail_to_its_own_machine_only(settings: Settings) -> None:
    settings.DEBUG = True
    with pytest.raises(ImproperlyConfigured, match=r"EMAIL_URL.*'mail\.example\.org'"):
        checks.refuse_to_mail()
    settings.EMAIL_SERVER = replace(settings.EMAIL_SERVER, host="127.0.0.1")
    checks.refuse_to_mail()


@pytest.mark.parametrize(
    "program",
    [
        ["-m", "celery", "-A", "digest_site", "worker", "-P", "solo"],
        ["-m", "celery", "-A", "digest_site", "beat", "--pidfile="],
        ["-c", "import digest_site.wsgi"],
        ["manage.py", "up"],
        ["manage.py", "round"],
        ["manage.py", "send"],
    ],
    ids=lambda program: program[-1],
)
def test_nothing_that_sends_starts_before(program: list[str], tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env=environment(tmp_path, DEBUG="false"),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert answer.returncode == 1
    for name in ASKED_FOR:
        assert f"{name}, " in answer.stderr


def test_what_mails_nobody_runs_without(tmp_path: Path) -> None:
    settings = environment(tmp_path, DEBUG="false")
    assert manage("migrate", settings=settings).returncode == 0
    answer = manage("match", "gradient", "--json", settings=settings)
    assert (answer.returncode, answer.stderr) == (0, "")
