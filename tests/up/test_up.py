"""One command runs everything, and one Ctrl-C ends it."""

import os
import re
import signal
import smtplib
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from .running import environment, manage, processes_in, up

LETTER = (
    "From: A. Sample <a@example.org>\r\nTo: b@example.org\r\n"
    "Subject: An invented letter\r\n\r\nHello.\r\n"
)


def test_one_command_runs_everything_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    settings = environment(var := tmp_path / "var")
    site = settings["PUBLIC_URL"]

    with up(settings) as first:
        for place in (f"{site}/", f"{site}/admin/", f"{site}/inbox/"):
            assert place in first.printed
        assert "sample" in first.printed  # no source answered, and it says so
        password = re.search(r"password\s+(\S+)", first.printed)
        assert password

        page = httpx.get(f"{site}/")
        assert page.status_code == 200
        assert "ample" in page.text

        long = httpx.get(f"{site}/papers", params={"q": "x" * 7000})
        assert long.status_code == 200  # a page, which says that it is too long
        head = httpx.head(f"{site}/")
        assert int(head.headers["Content-Length"]) == len(page.content)
        assert "HEAD" not in first.printed  # nothing to warn of

        relay = urlsplit(settings["EMAIL_URL"])
        with smtplib.SMTP(relay.hostname, relay.port) as smtp:
            smtp.sendmail("a@example.org", ["b@example.org"], LETTER)
        assert "An invented letter" in httpx.get(f"{site}/inbox/").text

        assert signs_in(site, "admin", password[1])
        assert first.end(signal.SIGINT) == 0
    assert "Traceback" not in first.printed
    assert processes_in(var) == {}

    with up(settings) as second:
        assert "password" not in second.printed  # shown once, and still good
        assert signs_in(site, "admin", password[1])
        worker = [
            number for number, line in processes_in(var).items() if " worker " in line
        ]
        os.kill(worker[0], signal.SIGKILL)
        assert second.process.wait(30) == 1
    assert "worker ended with exit code -9" in second.printed
    assert processes_in(var) == {}


def test_it_ends_quietly_while_it_still_asks_the_sources(tmp_path: Path) -> None:
    settings = environment(tmp_path / "var")
    with up(settings, until="Looking for today's papers") as running:
        running.process.send_signal(signal.SIGINT)  # and again, as people do
        assert running.end(signal.SIGTERM) == 0
    assert running.printed.endswith("Stopped.\n")
    assert "Traceback" not in running.printed


def test_a_port_in_use_is_named_with_the_option_that_changes_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = environment(tmp_path)

        site = manage("up", "--bind", f"127.0.0.1:{port}", settings=settings)
        assert site.returncode == 1
        assert f"127.0.0.1:{port}" in site.stderr
        assert "--bind" in site.stderr

        settings["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        inbox = manage("up", settings=settings)
        assert inbox.returncode == 1
        assert "EMAIL_URL" in inbox.stderr


def signs_in(site: str, user: str, password: str) -> bool:
    with httpx.Client(base_url=site, follow_redirects=True) as browser:
        page = browser.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text
        answer = browser.post(
            "/admin/login/?next=/admin/",
            data={
                "csrfmiddlewaretoken": token[1],
                "username": user,
                "password": password,
            },
        )
        return answer.status_code == 200 and answer.url.path == "/admin/"
