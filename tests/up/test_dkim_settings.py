"""Half a DKIM set-up, or a wrong one, stops the start and says what is right."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from subscriptions import checks
from tests.commands.asking import ask, refusal, said
from tests.rendering import keys

from .running import environment, manage

SENDER = f"Paper Round <digest@{keys.DOMAIN}>"


@pytest.fixture
def signing(settings: Settings, tmp_path: Path) -> None:
    """Everything set as it should be, for both keys."""
    settings.EMAIL_FROM, settings.DKIM_DOMAIN = SENDER, keys.DOMAIN
    settings.DKIM_SELECTOR = "digest2026"
    settings.DKIM_KEY_FILE = keys.rsa_key(tmp_path / "rsa.pem")
    settings.DKIM_ED25519_SELECTOR = "second"
    settings.DKIM_ED25519_KEY_FILE = keys.ed25519_key(tmp_path / "ed25519.pem")


def objections() -> list[str]:
    return [wrong.msg for wrong in checks.signatures()]


@pytest.mark.usefixtures("signing")
def test_nothing_is_said_of_a_whole_set_up() -> None:
    assert objections() == []


def test_nothing_is_said_where_nothing_is_to_be_signed() -> None:
    assert objections() == []


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize("name", [*checks.DKIM, *checks.SECOND_KEY])
def test_each_that_is_missing_is_asked_for(name: str, settings: Settings) -> None:
    setattr(settings, name, "")
    (objection,) = objections()
    assert objection.startswith(f"{name} is not set, but ")
    assert "; it takes " in objection
    with pytest.raises(ImproperlyConfigured, match=f"{name} is not set"):
        checks.refuse_to_mail()


@pytest.mark.usefixtures("signing")
def test_a_second_key_is_no_first(settings: Settings) -> None:
    settings.DKIM_SELECTOR = settings.DKIM_KEY_FILE = ""
    first, second = objections()
    assert first.startswith("DKIM_SELECTOR is not set")
    assert second.startswith("DKIM_KEY_FILE is not set")


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize("domain", ["example.org", f"mail.{keys.DOMAIN}"])
def test_a_domain_above_or_below_the_senders_may_sign(
    domain: str, settings: Settings
) -> None:
    settings.DKIM_DOMAIN = domain
    assert objections() == []


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize("domain", ["example.net", "rs.example.org", "xample.org"])
def test_another_domain_than_the_senders_may_not(
    domain: str, settings: Settings
) -> None:
    settings.DKIM_DOMAIN = domain
    (objection,) = objections()
    assert objection.startswith(f"DKIM_DOMAIN is {domain!r}; it takes the domain of")
    assert repr(keys.DOMAIN) in objection


@pytest.mark.usefixtures("signing")
@pytest.mark.parametrize("what", ["missing", "folder", "nonsense", "locked", "other"])
@pytest.mark.parametrize("name", ["DKIM_KEY_FILE", "DKIM_ED25519_KEY_FILE"])
def test_what_is_no_such_key_is_told(
    name: str, what: str, settings: Settings, tmp_path: Path
) -> None:
    others = {"DKIM_KEY_FILE", "DKIM_ED25519_KEY_FILE"} - {name}
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n")
    file, reason = {
        "missing": (str(tmp_path / "none.pem"), "No such file"),
        "folder": (str(tmp_path), "Is a directory"),
        "nonsense": (str(nonsense), "no private key in PEM"),
        "locked": (keys.rsa_key(tmp_path / "l.pem", passphrase=b"x"), "passphrase"),
        "other": (getattr(settings, others.pop()), "another kind of key"),
    }[what]
    setattr(settings, name, file)
    (objection,) = objections()
    kind = "RSA" if name == "DKIM_KEY_FILE" else "Ed25519"
    assert objection.startswith(f"{name} is {file!r}; it takes a PEM file with an ")
    assert f" {kind} key" in objection
    assert reason in objection
    assert "c2VjcmV0" not in objection


@pytest.mark.usefixtures("signing")
def test_a_weak_key_is_refused_and_a_short_one_warned_about(
    settings: Settings, tmp_path: Path
) -> None:
    settings.DKIM_KEY_FILE = keys.write(tmp_path / "weak.pem", keys.weak_rsa())
    (refused,) = checks.signatures()
    assert refused.is_serious()
    assert "of 2048 bits; that has 648" in refused.msg
    settings.DKIM_KEY_FILE = keys.rsa_key(tmp_path / "short.pem", bits=1024)
    (warned,) = checks.signatures()
    assert not warned.is_serious()
    assert "an RSA key of 1024 bits; it should have 2048" in warned.msg
    assert "DKIM_KEY_FILE" in warned.msg


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("DKIM_DOMAIN", "org", "papers.example.org"),
        ("DKIM_DOMAIN", "exa mple.org", "papers.example.org"),
        ("DKIM_DOMAIN", "example.org; l=0", "papers.example.org"),
        ("DKIM_DOMAIN", "ümlaut.example", "papers.example.org"),
        ("DKIM_SELECTOR", "a.b", "letters, digits and hyphens"),
        ("DKIM_ED25519_SELECTOR", "a;b", "letters, digits and hyphens"),
    ],
)
def test_what_cannot_stand_in_a_signature_stops_the_start(
    name: str, value: str, right: str, tmp_path: Path
) -> None:
    answer = manage("up", settings=environment(tmp_path, **{name: value}))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Cannot start: {name} is {value!r}; it takes ")
    assert right in answer.stderr


@pytest.mark.parametrize("program", ["up", "send", "check"])
def test_a_key_that_is_not_there_stops_the_start(program: str, tmp_path: Path) -> None:
    settings = environment(
        tmp_path,
        EMAIL_FROM=SENDER,
        DKIM_DOMAIN=keys.DOMAIN,
        DKIM_SELECTOR="digest2026",
        DKIM_KEY_FILE=str(tmp_path / "none.pem"),
    )
    answer = manage(program, settings=settings)
    assert answer.returncode == 1
    assert "DKIM_KEY_FILE is '" in answer.stderr
    assert "No such file" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.usefixtures("signing")
def test_the_records_to_publish_are_printed() -> None:
    records = ask("dkim_records")
    names = [f"digest2026._domainkey.{keys.DOMAIN}", f"second._domainkey.{keys.DOMAIN}"]
    assert list(records) == names
    assert records[names[0]].startswith("v=DKIM1; k=rsa; p=MIIB")
    assert records[names[1]].startswith("v=DKIM1; k=ed25519; p=")


@pytest.mark.usefixtures("signing")
def test_they_are_printed_as_a_zone_file_takes_them() -> None:
    lines = said("dkim_records").splitlines()
    for line, (name, text) in zip(lines, ask("dkim_records").items(), strict=True):
        assert line.startswith(f'{name}. IN TXT "v=DKIM1; k=')
        strings = re.findall(r'"([^"]*)"', line)
        assert "".join(strings) == text
        assert max(map(len, strings)) <= 255


def test_without_a_key_there_is_nothing_to_publish() -> None:
    assert "DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE" in refusal("dkim_records")
