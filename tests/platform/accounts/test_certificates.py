"""A client certificate makes a terminal – when a proxy of ours names it, and only then."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client
from django.urls import reverse

from tasuke.deploy.environment import EnvironmentFault, read_environment
from tasuke.platform.access.testing import signed_in
from tasuke.platform.accounts.certificates import FingerprintUnreadable, read_fingerprint
from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.services.prepare_terminal import (
    CertificateTaken,
    TerminalLabelTaken,
    register_certificate,
)
from tasuke.platform.accounts.services.revoke_terminal import revoke_terminal

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"])]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def certificate():
    return make_certificate("counter-1")


def make_certificate(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(BEGAN)
    return built.not_valid_after(BEGAN + timedelta(days=365)).sign(key, hashes.SHA256())


def pem(certificate):
    return quote(certificate.public_bytes(serialization.Encoding.PEM).decode())


def rfc9440(certificate):
    return f":{base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()}:"


def fingerprint(certificate):
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


@pytest.fixture
def terminal(signing, clock, settings, certificate):
    settings.REQUIRE_TERMINAL, settings.CLIENT_CERTIFICATE_HEADER = True, "Client-Cert"
    settings.PROXY_ADDRESSES = ("10.0.0.7",)
    return register_certificate(
        label="窓口1", office="141313", fingerprint=fingerprint(certificate), by="admin-1", at=clock.moment
    )


def machine(header, address="10.0.0.7"):
    return Client(headers={"Client-Cert": header}, REMOTE_ADDR=address)


@pytest.mark.parametrize("form", [pem, rfc9440])
def test_the_proxy_names_the_certificate_and_people_sign_in(signing, terminal, certificate, form):
    browser = signing.fully(machine(form(certificate)))
    assert browser.get("/pin/").status_code == 200
    assert browser.session["terminal"].startswith(f"{terminal.pk}:")


def test_a_header_from_anywhere_else_is_nothing(terminal, certificate):
    assert machine(pem(certificate), "10.0.0.8").get("/signin/").status_code == 403
    assert machine(pem(certificate), "").get("/signin/").status_code == 403
    assert machine(pem(certificate)).get("/signin/").status_code == 200


def test_without_the_setting_nobody_reads_the_header(terminal, certificate, settings):
    settings.CLIENT_CERTIFICATE_HEADER = ""
    assert machine(pem(certificate)).get("/signin/").status_code == 403


@pytest.mark.parametrize("header", ["", "::", ":!!:", "x", quote("-----BEGIN CERTIFICATE-----"), "A" * 20_000])
def test_what_is_no_certificate_is_no_terminal(terminal, header):
    assert machine(header).get("/signin/").status_code == 403


def test_another_certificate_of_the_same_name_is_another_machine(signing, terminal, certificate):
    browser = signing.fully(machine(pem(certificate)))
    assert machine(pem(make_certificate("counter-1"))).get("/signin/").status_code == 403
    stolen = machine(pem(make_certificate("counter-1")))
    stolen.cookies["__Host-tasuke"] = browser.cookies["__Host-tasuke"].value
    assert stolen.get("/pin/").url == "/signin/?ended=terminal"


def test_a_revoked_certificate_is_out_at_once(signing, terminal, certificate, clock):
    browser = signing.fully(machine(pem(certificate)))
    assert revoke_terminal(terminal_id=terminal.pk, by="admin-1", at=clock.moment)
    assert browser.get("/pin/").url.startswith("/signin/")
    assert browser.get("/signin/").status_code == 403


def test_one_certificate_is_one_terminal(terminal, certificate, clock):
    with pytest.raises(CertificateTaken):
        register_certificate(
            label="窓口2", office="", fingerprint=fingerprint(certificate), by="admin-1", at=clock.moment
        )
    with pytest.raises(TerminalLabelTaken):
        register_certificate(label="窓口1", office="", fingerprint="ab" * 32, by="admin-1", at=clock.moment)


def test_a_fingerprint_is_read_as_openssl_prints_it():
    colons = ":".join(["AB"] * 32)
    assert read_fingerprint(f"sha256 Fingerprint={colons}") == "ab" * 32
    for typed in ("", "ab" * 20, "zz" * 32, "ab" * 33):
        with pytest.raises(FingerprintUnreadable):
            read_fingerprint(typed)


def test_an_administrator_registers_a_certificate_on_screen(terminal, certificate, settings):
    settings.REQUIRE_TERMINAL = False
    admin, address = signed_in("administrator"), reverse("accounts_admin:terminals")
    wrong = admin.post(address, {"label": "窓口3", "office": "", "fingerprint": "12"})
    assert wrong.status_code == 422
    assert "64文字" in wrong.content.decode()
    assert admin.post(address, {"label": "窓口3", "office": "", "fingerprint": "cd" * 32}).status_code == 302
    assert Terminal.objects.using("accounts").get(label="窓口3").registered_at
    taken = admin.post(address, {"label": "窓口4", "office": "", "fingerprint": fingerprint(certificate)})
    assert "別の端末に登録されています" in taken.content.decode()


def test_the_header_needs_a_proxy(monkeypatch):
    monkeypatch.setenv("TASUKE_CLIENT_CERTIFICATE_HEADER", "Client-Cert")
    with pytest.raises(EnvironmentFault):
        read_environment()
    monkeypatch.setenv("TASUKE_BEHIND_PROXY", "1")
    assert read_environment().certificate_header == "Client-Cert"
    monkeypatch.setenv("TASUKE_PROXY_ADDRESSES", "10.0.0.1, proxy.local")
    with pytest.raises(EnvironmentFault):
        read_environment()
