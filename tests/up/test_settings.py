"""A wrong setting stops the start, and says which and what is right."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from digest_site import mail_values, values

from .running import ROOT, environment, manage

REMOTE = "smtp://digest:opensesame@mail.example.org"


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


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("EMAIL_FROM", "nonsense", "digest@papers.example.org"),
        ("EMAIL_FROM", "a@example.org\r\nBcc: b@example.org", "digest@papers"),
        ("EMAIL_FROM", "Round\r\nBcc: b@x.org <a@example.org>", "digest@papers"),
        ("EMAIL_FROM", "a@example.org\n", "digest@papers.example.org"),
        ("EMAIL_FROM", "lés@example.org", "digest@papers.example.org"),
        ("EMAIL_FROM", "a@example.org, b@example.org", "digest@papers.example.org"),
        ("LIST_ID", "a b<>", "digest.papers.example.org"),
        ("LIST_ID", "digest..example.org", "digest.papers.example.org"),
        ("LIST_ID", "plain", "digest.papers.example.org"),
        ("DEFAULT_FILTER", "NOT x", "in:hf"),
        ("COMPOSE_SLICE", "0", "a whole number from 1 up"),
        ("SEND_BATCH", "0", "a whole number from 1 up"),
        ("SMTP_CONNECTIONS", "0", "a whole number from 1 up"),
        ("RELAY_RATE", "-1", "a whole number"),
        ("DOMAIN_RATE", "0.5", "a whole number"),
        ("DOMAIN_CONNECTIONS", "0", "a whole number from 1 up"),
        ("BOUNCE_ADDRESS", "bounces", "bounces@papers.example.org"),
        ("BOUNCE_ADDRESS", "bounces+x@papers.example.org", "no + before its @"),
        ("BOUNCE_ADDRESS", f"{'b' * 21}@papers.example.org", "at most 20 characters"),
        ("BOUNCE_LISTEN", "2526", "127.0.0.1:2526"),
        ("BOUNCE_LISTEN", "127.0.0.1:0", "127.0.0.1:2526"),
        ("CELERY_BROKER_URL", "redis:", "redis://host:port/number"),
        ("CELERY_BROKER_URL", "redis:///0", "redis://host:port/number"),
        ("CELERY_BROKER_URL", "redis://127.0.0.1:99999/0", "redis://host:port"),
        ("PUBLIC_URL", "https://x.example/?a=b", "nothing from ? or # on"),
        ("PUBLIC_URL", "https://x.example/#top", "nothing from ? or # on"),
        ("PUBLIC_URL", "https://x.example:99999", "https://papers.example.org"),
        ("PUBLIC_URL", "https://x.exa\nmple", "https://papers.example.org"),
        ("ARXIV_CATEGORIES", "foo bar/../", "cs.LG"),
        ("ARXIV_CATEGORIES", "cs.LG,../x", "cs.LG"),
        ("ARXIV_CATEGORIES", ",", "cs.LG"),
        ("HOLD_FOR_SOURCE", "99999999999999d", "at most 5h"),
        ("HOLD_FOR_SOURCE", "301m", "at most 5h"),
        ("SEND_WINDOW", "always", "06:00-22:00"),
        ("SEND_WINDOW", "06:00-24:00", "06:00-22:00"),
        ("SEND_WINDOW", "06:00-06:00", "06:00-22:00"),
        ("DAILY_RAMP", "500,many", "500,1000,2000"),
        ("DAILY_RAMP", "0,500", "500,1000,2000"),
        ("RAMP_FROM", "tomorrow", "2026-07-06"),
        ("CANARY", "-1", "a whole number"),
        ("OPERATOR_EMAIL", "Ops <ops@example.org>", "ops@example.org"),
        ("OPERATOR_EMAIL_URL", "other.example.org", "smtp://host:port"),
        ("ALERT_URL", "alerts.example.org", "https://papers.example.org"),
        ("PING_URL", "ftp://pings.example.org", "https://papers.example.org"),
        ("ALLOWED_HOSTS", "https://papers.example.org", "without https://"),
        ("ALLOWED_HOSTS", "papers.example.org:443", "without a port"),
        ("SOURCES", ",", "at least one"),
        ("EMAIL_URL", "smtp://mail.example.org:0", "a port from 1 to 65535"),
        ("EMAIL_URL", "smtps://mail.example.org/x", "nothing behind host and port"),
        ("DATABASE_URL", "postgres://127.0.0.1", "/name; in a password / is written"),
        ("DATABASE_URL", "postgres://h:5432/n#x", "in a password / is written %2F"),
        ("VAR_DIR", "/proc/none/of/this", "a folder that is there or can be made"),
        ("VAR_DIR", "/etc/passwd", "a folder that is there or can be made"),
    ],
)
def test_one_line_says_what_it_was_and_what_it_takes(
    name: str, value: str, right: str, tmp_path: Path
) -> None:
    answer = manage("up", settings=environment(tmp_path, **{name: value}))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Cannot start: {name} is {value!r}; it takes ")
    assert right in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "given", [{"DAILY_RAMP": "500,1000"}, {"RAMP_FROM": "2026-07-06"}]
)
def test_a_warm_up_needs_its_steps_and_its_first_day(
    given: dict[str, str], tmp_path: Path
) -> None:
    answer = manage("send", settings=environment(tmp_path, **given))
    assert answer.returncode == 1
    assert "E012) DAILY_RAMP and RAMP_FROM belong together" in answer.stderr + (
        manage("check", settings=environment(tmp_path, **given)).stderr
    )


@pytest.mark.parametrize("program", ["check", "match", "ingest"])
def test_a_default_filter_that_cannot_be_read_stops_every_command(
    program: str, tmp_path: Path
) -> None:
    arguments = [program, *(["x"] if program == "match" else [])]
    settings = environment(tmp_path, DEFAULT_FILTER="NOT x")
    answer = manage(*arguments, settings=settings)
    assert answer.returncode == 1
    assert "E008) DEFAULT_FILTER is 'NOT x'; it takes a filter" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("EMAIL_URL", REMOTE, "smtp://***@mail.example.org"),
        ("EMAIL_URL", "digest:opensesame@mail.example.org", "***@mail.example.org"),
        ("EMAIL_URL", "smtps://d:open/sesame@mail.example.org", "smtps://***@mail."),
        ("EMAIL_URL", "smtps://d:open@sesame@example.org:0x", "smtps://***@example."),
        ("DATABASE_URL", "mysql://d:opensesame@127.0.0.1/x", "mysql://***@127.0.0.1/x"),
        ("DATABASE_URL", "mysql://h/x?password=opensesame", "h/x?password=***"),
        ("WEBHOOK_SECRET", "papers:opensesame", "'***'"),
        ("ANYMAIL", "opensesame", "'***'"),
        ("CELERY_BROKER_URL", "redis://:opensesame@h:0/0", "redis://***@h:0/0"),
        ("CELERY_BROKER_URL", "amqp://d:opensesame@h", "amqp://***@h"),
    ],
)
def test_a_password_is_not_printed(
    name: str, value: str, shown: str, tmp_path: Path
) -> None:
    answer = manage("check", settings=environment(tmp_path, **{name: value}))
    assert answer.returncode == 1
    assert f"{name} is '" in answer.stderr
    assert shown in answer.stderr
    for part in ("open", "sesame"):
        assert part not in answer.stderr + answer.stdout


def test_a_wrong_port_that_is_half_a_password_is_in_no_traceback(
    tmp_path: Path,
) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "import digest_site.settings"],
        cwd=ROOT,
        env=environment(tmp_path, EMAIL_URL="smtp://d:hushed/word@h"),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "EMAIL_URL is 'smtp://***@h'" in answer.stderr
    assert "hushed" not in answer.stderr


def test_a_password_goes_to_another_machine_under_tls_only(tmp_path: Path) -> None:
    settings = environment(tmp_path, EMAIL_URL=REMOTE)
    assert (
        "does not go to another machine in clear"
        in manage("check", settings=settings).stderr
    )
    for scheme in ("smtp+tls", "smtps"):
        assert mail_values.mail_server(REMOTE.replace("smtp", scheme)).password
    assert mail_values.mail_server("smtp://mail.example.org").host
    assert mail_values.mail_server("smtp://d:word@localhost").password == "word"


@pytest.mark.parametrize(
    ("read", "texts"),
    [
        (
            mail_values.sender,
            [
                "a@example.org",
                "Paper Round <a@example.org>",
                '"Round, Paper" <a@example.org>',
                "Zeitung für alle <a@example.org>",
                "digest@localhost",
            ],
        ),
        (mail_values.list_id, ["digest.localhost", "a-b_c.example.org"]),
        (
            values.web_address,
            ["http://127.0.0.1:8000", "https://x.example/round", "http://[::1]:8000"],
        ),
        (
            mail_values.contact,
            ["", "a@example.org", "https://x.example/?page=contact#us"],
        ),
        (
            values.broker,
            [
                "filesystem://",
                "redis://127.0.0.1:6379/0",
                "redis://:word@example.org",
                "rediss://h/1?ssl_cert_reqs=required",
            ],
        ),
    ],
)
def test_what_is_right_is_kept_as_it_was(
    read: Callable[[str], object], texts: list[str]
) -> None:
    assert [read(text) for text in texts] == texts


def test_what_an_address_says_of_its_connection_goes_before_ours() -> None:
    asked = values.database("postgres://h/n?keepalives_idle=5&connect_timeout=3", ROOT)
    given = values.database("postgres://h/n", ROOT)["OPTIONS"]
    assert asked["OPTIONS"] == given | {"keepalives_idle": 5, "connect_timeout": 3}
    assert given["keepalives_idle"] != 5


def test_categories_are_named_as_arxiv_names_them() -> None:
    names = "cs.LG, math,hep-th,stat.ML,cond-mat.mtrl-sci,physics.acc-ph,q-bio.QM"
    assert values.categories(names) == tuple(names.replace(" ", "").split(","))


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "::1",
            "::",
            "[::1]",
            "::ffff:127.0.0.1",
        ),
        *("localhost", "LOCALHOST", "localhost.", "papers.localhost", "127.0.0.1."),
    ],
)
def test_this_machine_has_many_names(host: str) -> None:
    assert values.is_loopback(host)
    assert mail_values.mail_domain(host) == "localhost"


@pytest.mark.parametrize(
    "host",
    ["", "example.org", "192.168.1.5", "localhost.example.org", "mylocalhost"],
)
def test_another_machine_is_not_this_one(host: str) -> None:
    assert not values.is_loopback(host)


@pytest.mark.parametrize(
    "address", ["http://192.168.1.5:8000", "http://box:8000", "http://[fe80::1]:8000"]
)
def test_a_trial_on_an_address_that_no_mail_comes_from_starts(
    address: str, tmp_path: Path
) -> None:
    settings = environment(tmp_path, PUBLIC_URL=address)
    answer = manage("check", settings=settings)
    assert (answer.returncode, answer.stderr) == (0, "")


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
