"""Every paper of a digest stands in what a reader of each kind is shown."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from subscriptions.gallery.cases import digests
from subscriptions.rendering import Digest, Rendered, digest, readable

from .mails import numbered_messages, part


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[Digest, Rendered]]:
    return {name: (made, digest(made)) for name, made in digests().items()}


def missing(text: str, made: Digest, mail: Rendered) -> list[str]:
    """Titles that are not in `text`, wherever it breaks its lines."""
    entries = [each for group in made.groups for each in group.entries]
    kept = entries[: len(entries) - mail.left_out]
    again = list(made.again)
    assert len(kept) + len(again) > 0
    dense = re.sub(r"\s+", "", text)
    titles = [readable(each.card.title) for each in [*kept, *again]]
    return [title for title in titles if re.sub(r"\s+", "", title) not in dense]


def test_python_reads_every_paper_in_the_text(
    cases: dict[str, tuple[Digest, Rendered]],
) -> None:
    for name, (made, mail) in cases.items():
        assert missing(part(mail, "plain"), made, mail) == [], name


def test_chromium_shows_every_paper_of_the_html(
    cases: dict[str, tuple[Digest, Rendered]], browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 600, "height": 800})
    for name, (made, mail) in cases.items():
        if mail.html:
            page.set_content(part(mail, "html"))
            assert missing(page.inner_text("body"), made, mail) == [], name
    page.close()


def test_mutt_shows_every_paper_on_a_terminal(
    cases: dict[str, tuple[Digest, Rendered]], tmp_path: Path
) -> None:
    shown = shown_by_mutt([mail.message for _, mail in cases.values()], tmp_path)
    for at, (name, (made, mail)) in enumerate(cases.items()):
        assert missing(shown[at], made, mail) == [], name
        assert "\N{REPLACEMENT CHARACTER}" not in shown[at]


def shown_by_mutt(messages: list[bytes], folder: Path) -> dict[int, str]:
    """What mutt hands to its pager for each message, by number."""
    for needed in ("mutt", "script"):  # the latter gives it a terminal
        if not shutil.which(needed):
            reason = f"no {needed}: apt-get install {needed}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
    for part_of_it in ("cur", "new", "tmp"):
        (folder / "box" / part_of_it).mkdir(parents=True)
    for at, message in enumerate(numbered_messages(messages)):
        (folder / "box" / "cur" / f"{at}:2,S").write_bytes(message)
    # A step beyond the last one would be an error, and the keys left be forgotten.
    keys = "<next-undeleted>".join(["<display-message>"] * len(messages))
    (folder / "muttrc").write_text(
        f"set folder={folder}\n"  # else it would ask whether to make ~/Mail
        f'set pager="cat >> {folder}/shown"\n'
        "set prompt_after=no wait_key=no quit=yes\n"
        f'push "<first-entry>{keys}<exit>"\n'
    )
    command = [
        "timeout",
        "--foreground",
        "40",
        "mutt",
        "-n",
        "-R",
        "-F",
        f"{folder}/muttrc",
        "-f",
        f"{folder}/box",
    ]
    subprocess.run(
        ["script", "-qec", shlex.join(command), "/dev/null"],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )
    text = (folder / "shown").read_text()
    pieces = re.split(r"(?m)^Message-ID: <(\d+)\.", text)[1:]
    return dict(zip(map(int, pieces[::2]), pieces[1::2], strict=True))
