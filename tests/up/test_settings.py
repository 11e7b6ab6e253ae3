"""A wrong setting stops the start, and says which and what is right."""

from pathlib import Path

import pytest

from .running import environment, manage


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("HF_SETTLES", "noon", "19:30 UTC"),
        ("SOURCES", "hf,nature", "nature"),
        ("EMAIL_URL", "mail.example.org", "smtp://host:port"),
        ("DATABASE_URL", "mysql://127.0.0.1/papers", "PostgreSQL"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    name: str, value: str, right: str, tmp_path: Path
) -> None:
    answer = manage("up", settings=environment(tmp_path, **{name: value}))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Cannot start: {name} is {value!r}")
    assert right in answer.stderr
    assert "Traceback" not in answer.stderr


def test_settings_are_read_from_the_file_too(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# mine\nHF_SETTLES=noon\n")
    settings = environment(tmp_path, ENV_FILE=str(tmp_path / "env"))
    assert "HF_SETTLES is 'noon'" in manage("check", settings=settings).stderr


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("HF_SETTLES=noon\n")
    settings = environment(
        tmp_path, ENV_FILE=str(tmp_path / "env"), HF_SETTLES="20:00 UTC"
    )
    assert manage("check", settings=settings).returncode == 0
