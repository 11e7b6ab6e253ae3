"""An encrypted, authenticated way to the relay, or none."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from subscriptions.sending.outcome import RelayDown
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import outcomes
from .oracle import Oracle
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)
LOGIN = ("paper", "rou nd+pass")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A key and a self-signed certificate of 127.0.0.1, in one file."""
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {path} -out {path}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.fixture
def tls(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def offer(oracle: Oracle, security: str, login: tuple[str, str] = ("", "")) -> str:
    where = server(oracle.url, *login, security)
    with Relay(where, "[127.0.0.1]", timeouts=SHORT) as relay:
        return outcomes(relay, an_outgoing())[0].kind


def test_starttls_and_login(tmp_path, tls, trusted):
    with Oracle(tmp_path / "log", tls=tls, login=LOGIN) as oracle:
        assert offer(oracle, "starttls", LOGIN) == "sent"


def test_tls_from_the_first_octet(tmp_path, tls, trusted):
    with Oracle(tmp_path / "log", tls=tls, implicit_tls=True) as oracle:
        assert offer(oracle, "tls") == "sent"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_stops_it(tmp_path, tls, security):
    implicit = security == "tls"
    with (
        Oracle(tmp_path / "log", tls=tls, implicit_tls=implicit) as oracle,
        pytest.raises(RelayDown, match=r"(?i)certificate"),
    ):
        offer(oracle, security)
    assert oracle.mails == 0


def test_a_relay_whose_starttls_was_taken_away_gets_nothing(tmp_path):
    with (
        Oracle(tmp_path / "log") as oracle,
        pytest.raises(RelayDown, match="STARTTLS"),
    ):
        offer(oracle, "starttls")
    assert oracle.mails == 0


def test_a_wrong_password_is_no_word_on_a_mail_and_is_not_told(tmp_path):
    with (
        Oracle(tmp_path / "log", login=LOGIN) as oracle,
        pytest.raises(RelayDown, match=r"refused the login \(535\)") as error,
    ):
        offer(oracle, "", ("paper", "hunter2"))
    assert "hunter2" not in str(error.value)


def test_a_relay_that_knows_no_login_is_not_used_without(tmp_path):
    with (
        Oracle(tmp_path / "log", features={"SIZE"}) as oracle,
        pytest.raises(RelayDown, match="AUTH"),
    ):
        offer(oracle, "", LOGIN)
