"""A Java trust store made from the machine's own certificate authorities.

A Java brings its own list of public authorities and does not know a private network's; the machine does.
"""

import os
import re
import ssl
import warnings
from pathlib import Path

PASSWORD = "changeit"  # the word that Java itself uses for trust stores; the content is public
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine
)
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def system_bundle() -> Path | None:
    """The PEM file of the authorities this machine trusts: SSL_CERT_FILE, Python's own, the usual places."""
    places = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *BUNDLES)
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


def write_trust_store(bundle: Path, store: Path) -> int:
    """Write a PEM bundle as a PKCS12 trust store that Java 17 and 21 open; returns how many certificates."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import (
        PKCS12Certificate,
        serialize_java_truststore,
    )

    certificates = [
        PKCS12Certificate(certificate, f"authority-{number}".encode())
        for number, certificate in enumerate(_certificates(bundle.read_bytes()))
    ]
    if not certificates:
        raise RuntimeError(f"{bundle}: holds no certificate that can be read. Point SSL_CERT_FILE to a bundle in PEM form.")
    store.write_bytes(serialize_java_truststore(certificates, BestAvailableEncryption(PASSWORD.encode())))
    return len(certificates)


def _certificates(pem: bytes):
    from cryptography.x509 import load_pem_x509_certificate

    for block in PEM.findall(pem):
        try:
            with warnings.catch_warnings(action="ignore"):  # bundles carry the odd authority that breaks today's rules
                certificate = load_pem_x509_certificate(block)
        except ValueError:
            continue
        yield certificate


def trust_options(folder: Path) -> list[str]:
    """JVM options that make Java trust what the machine trusts; none when the machine has no bundle."""
    bundle = system_bundle()
    if bundle is None:
        return []
    store = folder / "trust.p12"
    write_trust_store(bundle, store)
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={PASSWORD}",
    ]
