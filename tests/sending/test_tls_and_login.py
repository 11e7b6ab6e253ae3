"""An encrypted, authenticated way to the relay, or none."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from subscriptions.sending.outcome import RelayDown
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import outcomes
from .literal import Literal
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


def expired_certificate(folder: Path) -> Path:
    """Like the other, of the day before yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, of = datetime.now(UTC), x509.IPAddress(IPv4Address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([of]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "expired.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def offer(
    oracle: Oracle | Literal, security: str, login: tuple[str, str] = ("", "")
) -> str:
    where = server(oracle.url, *login, security)
    with Relay(where, "[127.0.0.1]", timeouts=SHORT) as relay:
        return outcomes(relay, an_outgoing())[0].kind


def test_starttls_and_login(tmp_path, tls, trusted):
    with Oracle(tmp_path / "log", tls=tls, login=LOGIN) as oracle:
        assert offer(oracle, "starttls", LOGIN) == "sent"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_login_by_the_one_mechanism_that_is_offered(tmp_path, mechanism):
    with Oracle(tmp_path / "log", login=LOGIN, mechanism=mechanism) as oracle:
        assert offer(oracle, "", LOGIN) == "sent"


def test_a_refusal_of_the_mechanism_is_met_with_the_other():
    login = {
        "AUTH LOGIN": "334 VXNlcm5hbWU6",
        "cGFwZXI=": "334 UGFzc3dvcmQ6",
        "cm91IG5kK3Bhc3M=": "235 2.7.0 welcome",
    }

    def answer(line: str, session: int) -> str | None:
        if line.startswith("EHLO"):
            return "250-literal\r\n250 AUTH PLAIN LOGIN"
        if line.startswith("AUTH PLAIN"):
            return "504 5.5.4 not this one"
        return login.pop(line, None)

    with Literal(answer) as oracle:
        assert offer(oracle, "", LOGIN) == "sent"
    assert login == {}


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


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_whose_time_is_over_stops_it(tmp_path, monkeypatch, security):
    path = expired_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    implicit = security == "tls"
    with (
        Oracle(tmp_path / "log", tls=context, implicit_tls=implicit) as oracle,
        pytest.raises(RelayDown, match="expired"),
    ):
        offer(oracle, security)
    assert oracle.mails == 0


def test_what_was_put_behind_the_reply_to_starttls_is_not_the_relays_word(tls, trusted):
    """It came in clear, from whoever is on the way (RFC 3207 section 4.2)."""
    injected = "220 go on\r\n250-mallory\r\n250 AUTH PLAIN"
    relay = Literal(lambda line, n: injected if line == "STARTTLS" else None, tls)
    with relay:
        assert offer(relay, "starttls") == "sent"
    assert relay.commands(1) == [
        *("STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT")
    ]


def test_a_password_that_was_asked_for_by_an_injected_reply_stays_here(tls, trusted):
    injected = "220 go on\r\n250-mallory\r\n250 AUTH PLAIN"
    relay = Literal(lambda line, n: injected if line == "STARTTLS" else None, tls)
    with relay, pytest.raises(RelayDown, match="neither AUTH PLAIN nor AUTH LOGIN"):
        offer(relay, "starttls", LOGIN)


def test_many_mails_go_over_an_encrypted_connection(tmp_path, tls, trusted):
    mails = [an_outgoing(body=b"0123456789\r\n" * 20_000)] * 12
    with Oracle(tmp_path / "log", tls=tls) as oracle:
        where = server(oracle.url, security="starttls")
        with Relay(where, "[127.0.0.1]", 3, SHORT) as relay:
            kinds = [one.kind for one in outcomes(relay, *mails)]
    assert kinds == ["sent"] * 12
    assert {len(one) for one in oracle.messages} == {len(mails[0].message())}


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
