"""`preview --gallery`: every way a mail can look, in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from subscriptions.gallery import mails
from subscriptions.rendering.letters import KINDS
from tests.up.running import environment, manage

from .asking import ask, refusal


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")


@pytest.mark.usefixtures("no_browser")
def test_every_case_and_every_letter_is_written(tmp_path: Path) -> None:
    cases = {case["name"]: case for case in ask("preview", "--gallery", tmp_path)}
    assert {f"letter-{kind}" for kind in KINDS} <= set(cases)
    index = (tmp_path / "index.html").read_text()
    for name, mail in mails().items():
        kinds = ["eml", "html", "txt"] if mail.html else ["eml", "txt"]
        files = [str(tmp_path / f"{name}.{kind}") for kind in kinds]
        assert cases[name] == {"name": name, "subject": mail.subject, "files": files}
        assert (tmp_path / f"{name}.eml").read_bytes() == mail.message
        assert f'href="{name}.txt"' in index


@pytest.mark.usefixtures("no_browser")
def test_one_case_may_be_asked_for(tmp_path: Path) -> None:
    (case,) = ask("preview", "--gallery", tmp_path, "--case", "text-only")
    assert case["name"] == "text-only"
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "index.html",
        "text-only.eml",
        "text-only.txt",
    ]


def test_an_unknown_case_is_told_with_those_there_are(tmp_path: Path) -> None:
    line = refusal("preview", "--gallery", tmp_path, "--case", "none")
    assert line.startswith("No case is called none; there are usual-day, ")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "--gallery" in refusal("preview", "--gallery", tmp_path / "file")


@pytest.mark.parametrize("asked", [[], ["a@example.org"], ["--day", "2026-07-07"]])
def test_a_preview_without_reader_or_day_says_what_it_takes(asked: list[str]) -> None:
    assert "preview ADDRESS --day DAY" in refusal("preview", *asked)


def test_a_gallery_has_no_reader(tmp_path: Path) -> None:
    assert "no reader" in refusal("preview", "a@b.example", "--gallery", tmp_path)


# In a process of its own: Playwright can be started once in this one.
def test_screenshots_show_it_light_and_dark_wide_and_narrow(
    tmp_path: Path, browser: Browser
) -> None:
    answer = manage(
        *("preview", "--gallery", str(tmp_path), "--case", "one-paper", "--json"),
        settings=environment(tmp_path / "var"),
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    (case,) = json.loads(answer.stdout)
    page = browser.new_page()
    for name in ("light-600", "dark-600", "light-320", "dark-320"):
        file = tmp_path / f"one-paper.{name}.png"
        assert str(file) in case["files"]
        page.goto(file.as_uri())
        width = page.evaluate("document.images[0].naturalWidth")
        assert width == int(name.partition("-")[2])
    page.close()
    assert (tmp_path / "gallery.jpg").exists()


def test_without_a_browser_it_says_so_and_goes_on(tmp_path: Path) -> None:
    settings = environment(tmp_path / "var", CHROMIUM="/nowhere/chromium")
    answer = manage("preview", "--gallery", str(tmp_path / "out"), settings=settings)
    assert answer.returncode == 0
    assert answer.stderr.startswith("Without screenshots: no browser at /nowhere")
    assert (tmp_path / "out" / "usual-day.html").exists()
