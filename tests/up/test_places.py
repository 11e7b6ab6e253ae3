"""The file of settings, VAR_DIR and the key: whose they are, and what they may be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from digest_site import mail_values, places, values

from .running import ROOT, environment, manage


def settings_of(expression: str, env: dict[str, str], at: Path) -> str:
    """What the settings say in a process that runs in the folder `at`."""
    code = f"import digest_site.settings as s; print({expression})"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**env, "PYTHONPATH": str(ROOT)},
        cwd=at,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def test_a_file_of_settings_that_is_named_and_missing_stops_the_start(
    tmp_path: Path,
) -> None:
    lost = tmp_path / "lost.env"
    answer = manage("check", settings=environment(tmp_path, ENV_FILE=str(lost)))
    assert answer.returncode == 1
    assert answer.stderr == (
        f"Cannot start: ENV_FILE is '{lost}'; it takes a file that is there, or nothing"
        " at all.\n"
    )


def test_the_usual_file_may_be_missing(tmp_path: Path) -> None:
    places.take_env_file(None, tmp_path / ".env")


def test_settings_that_cannot_be_read_are_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"CONTROLLER=B\xfccherei\n")
    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read: .* UTF-8"):
        places.take_env_file(None, file)
    with pytest.raises(ImproperlyConfigured, match="it takes a file that is there"):
        places.take_env_file(str(tmp_path), file)


def test_relative_paths_are_meant_from_the_project_wherever_it_is_called(
    tmp_path: Path,
) -> None:
    var = tmp_path / "var"
    env = environment(
        Path(os.path.relpath(var, ROOT)),
        BOUNCE_MAILBOX="bounces/",
        DKIM_KEY_FILE="dkim.pem",
        DATABASE_URL="sqlite:///papers.sqlite3",
        SECRET_KEY="k" * 50,
    )
    said = settings_of(
        "s.VAR_DIR, s.BOUNCE_MAILBOX, s.DKIM_KEY_FILE, s.DATABASES['default']['NAME']",
        env,
        at=tmp_path,
    )
    assert said.count(f"{ROOT}/") == 4
    assert [each.name for each in tmp_path.iterdir()] == ["var"]


def test_a_folder_that_is_made_is_its_users_alone(tmp_path: Path) -> None:
    made = places.folder("below/var", tmp_path)
    assert made.stat().st_mode & 0o777 == 0o700


def test_an_empty_key_is_no_key_and_none_is_made_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    with pytest.raises(ImproperlyConfigured, match=r"secret_key, .* is empty; put it"):
        places.secret_key(tmp_path)


def test_a_key_that_cannot_be_made_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "secret_key").symlink_to(tmp_path / "nowhere" / "key")
    with pytest.raises(ImproperlyConfigured, match=r"cannot be read or made"):
        places.secret_key(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["secret_key"]


def test_blanks_after_the_commas_of_keys_and_hosts_are_nothing(tmp_path: Path) -> None:
    env = environment(
        tmp_path,
        SECRET_KEY_FALLBACKS="older, oldest",
        ALLOWED_HOSTS="papers.example.org, 192.0.2.1, [::1], .example.org",
    )
    said = settings_of("s.SECRET_KEY_FALLBACKS, s.ALLOWED_HOSTS", env, at=tmp_path)
    assert said == (
        "['older', 'oldest']"
        " ['papers.example.org', '192.0.2.1', '[::1]', '.example.org']"
    )


@pytest.mark.parametrize(
    "url",
    [
        "smtp+tls://user:1/open@mail.example.org:587",  # port 1 of a host named user
        "smtp+tls://user:1#open@mail.example.org:587",
        "smtp+tls://user:1?open@mail.example.org:587",
        "smtp+tls://user:open/sesame@mail.example.org:587",
    ],
)
def test_a_password_that_breaks_the_address_of_a_relay_is_told_how_to_be_written(
    url: str,
) -> None:
    with pytest.raises(ValueError, match=r"in a password / is written %2F, \? %3F"):
        mail_values.mail_server(url)


def test_a_password_that_breaks_the_address_of_a_database_is_told_the_same() -> None:
    with pytest.raises(ValueError, match=r"in a password / is written %2F, \? %3F"):
        values.database("postgres://u:1#open@h/n", ROOT)
    entry = values.database("postgres://u:1%23open%2F@h/n", ROOT)
    assert entry["PASSWORD"] == "1#open/"
