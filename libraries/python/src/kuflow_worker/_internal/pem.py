"""Reads certificates and keys.

The functions accept what environment variables often contain: CRLF or a literal `\\n` instead of line feeds. They
return PEM with line feeds, and raise a ValueError that says what was found instead.
"""

import re
import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

PRIVATE_KEY = re.compile(r"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)

# Binary formats, read as UTF-8. Both start with the tag and the length of an ASN.1 sequence; PKCS#12 continues with
# version 3.
DER = re.compile("0\ufffd")
PKCS12 = re.compile("0\ufffd.{0,3}\x02\x01\x03", re.DOTALL)


def read_certificate(text: str) -> str:
    """A client certificate, which may be followed by the rest of its chain."""
    pem = _read_certificates(text, "-clcerts")
    # Temporal's core rejects these before it connects, with an error that does not mention the version.
    if load_certificate(pem).version is x509.Version.v1:
        raise ValueError("an X.509 version 1 certificate; version 3 is required")
    return pem


def read_authorities(text: str) -> str:
    """One or more CA certificates."""
    return _read_certificates(text, "-cacerts")


def read_private_key(text: str) -> str:
    """A private key, converted to PKCS#8.

    It may be PKCS#1 (RSA) or SEC1 (EC), which Temporal's core does not always accept.
    """
    pem = _to_pem(text, "pkey", "-nocerts -nodes")
    # Part of the header of both PKCS#8 and the older formats.
    if "ENCRYPTED" in pem:
        raise ValueError("an encrypted key; a key without a passphrase is required: openssl pkcs8 -topk8 -nocrypt")
    key = PRIVATE_KEY.search(pem)
    if key is None:
        raise ValueError("no private key (-----BEGIN PRIVATE KEY-----)")
    try:
        private_key = load_pem_private_key(key[0].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("a malformed private key") from None
    return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def load_certificate(pem: str) -> x509.Certificate:
    """The first certificate in a PEM text."""
    return _load_certificates(pem)[0]


def key_fits_certificate(certificate_pem: str, key_pem: str) -> bool:
    """Whether the key belongs to the certificate. Both must be valid."""
    private_key = load_pem_private_key(key_pem.encode(), password=None)
    return private_key.public_key() == load_certificate(certificate_pem).public_key()


def _read_certificates(text: str, pkcs12_option: str) -> str:
    pem = _to_pem(text, "x509", f"{pkcs12_option} -nokeys")
    try:
        _load_certificates(pem)
    except ValueError:
        raise ValueError("no readable PEM certificate (-----BEGIN CERTIFICATE-----)") from None
    return pem


def _load_certificates(pem: str) -> list[x509.Certificate]:
    # Some corporate certificates break rules that do not matter here, for example with a serial number of zero.
    with warnings.catch_warnings(action="ignore"):
        return x509.load_pem_x509_certificates(pem.encode())


def _to_pem(text: str, der_command: str, pkcs12_options: str) -> str:
    """Rejects binary formats, with the command of OpenSSL that converts them."""

    def convert(command: str) -> str:
        return f"not PEM; convert it: openssl {command} -in FILE -out NEW_FILE"

    if PKCS12.match(text):
        raise ValueError(f"a PKCS#12 file, {convert(f'pkcs12 {pkcs12_options}')}")
    if DER.match(text):
        raise ValueError(f"a DER file, {convert(f'{der_command} -inform der')}")
    lines = text.replace("\\r", "").replace("\\n", "\n").replace("\r\n", "\n").strip()
    return f"{lines}\n"
