import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from kuflow_worker._internal.pem import (
    key_fits_certificate,
    read_authorities,
    read_certificate,
    read_private_key,
)

from .support.authority import Authority

AUTHORITY = Authority()
CLIENT = AUTHORITY.issue("client")
VERSION_1 = """-----BEGIN CERTIFICATE-----
MIIBGTCBvwIUEi11SR4wRkcVk4Ul0mMRNVntNnAwCgYIKoZIzj0EAwIwDjEMMAoG
A1UEAwwDb2xkMCAXDTI2MTEyNzA1MTMxMFoYDzIxMjYxMTAzMDUxMzEwWjAOMQww
CgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQs5mjgvc+PF3by
kDgzYyXXoeYxLAL9lxwiPo33fg0cPjLCVQ0MgmHSFOmquAsaN4OTHWQQcbUGt5Aq
ToCfSrOVMAoGCCqGSM49BAMCA0kAMEYCIQDTKQeKmzrDIySpqdAQj7crIvYMFLML
yKDHiK9vT6f3vgIhAOQftJnnHsGWhw240VsNiMMxAL1cj44CQ2nwUKEFq2hL
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize("line_break", ["\\n", "\r\n", "\\r\\n"])
def test_can_have_literal_or_crlf_line_breaks(line_break: str) -> None:
    assert read_certificate(CLIENT.cert.replace("\n", line_break)) == CLIENT.cert
    assert read_private_key(CLIENT.key.replace("\n", line_break)) == CLIENT.key


def test_can_have_several_authorities() -> None:
    both = f"Test CA\n{AUTHORITY.cert}Other CA\n{Authority('Other CA').cert}"
    assert read_authorities(both) == both


@pytest.mark.parametrize(
    ("key", "header", "before"),
    [
        (rsa.generate_private_key(65_537, 2048), "RSA PRIVATE KEY", ""),
        # OpenSSL writes the curve before the key.
        (
            ec.generate_private_key(ec.SECP256R1()),
            "EC PRIVATE KEY",
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
        ),
    ],
)
def test_can_have_a_key_in_the_formats_pkcs1_and_sec1(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, header: str, before: str
) -> None:
    written = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert f"BEGIN {header}" in written
    converted = read_private_key(before + written)
    assert converted.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert key_fits_certificate(AUTHORITY.issue("client", key=key).cert, converted)
    assert not key_fits_certificate(CLIENT.cert, converted)


def test_are_rejected_with_the_reason_if_they_cannot_work() -> None:
    for format in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        encrypted = CLIENT.private_key.private_bytes(Encoding.PEM, format, BestAvailableEncryption(b"x")).decode()
        with pytest.raises(ValueError, match="an encrypted key; .*openssl pkcs8 -topk8 -nocrypt"):
            read_private_key(encrypted)
    with pytest.raises(ValueError, match="an X.509 version 1 certificate; version 3 is required"):
        read_certificate(VERSION_1)
    with pytest.raises(ValueError, match="no private key"):
        read_private_key(CLIENT.cert)
    with pytest.raises(ValueError, match="a malformed private key"):
        read_private_key("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    with pytest.raises(ValueError, match="no readable PEM certificate"):
        read_authorities(CLIENT.key)


def test_are_rejected_with_the_command_that_converts_a_binary_file() -> None:
    key = CLIENT.private_key
    files = {
        "cert.der": CLIENT.certificate.public_bytes(Encoding.DER),
        "key.der": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        "both.p12": pkcs12.serialize_key_and_certificates(b"", key, CLIENT.certificate, None, NoEncryption()),
    }
    texts = {name: content.decode(errors="replace") for name, content in files.items()}

    def command(text: str) -> str:
        return f"not PEM; convert it: openssl {text} -in FILE -out NEW_FILE"

    for read, name, expected in [
        (read_certificate, "cert.der", f"a DER file, {command('x509 -inform der')}"),
        (read_private_key, "key.der", f"a DER file, {command('pkey -inform der')}"),
        (read_certificate, "both.p12", f"a PKCS#12 file, {command('pkcs12 -clcerts -nokeys')}"),
        (read_private_key, "both.p12", f"a PKCS#12 file, {command('pkcs12 -nocerts -nodes')}"),
        (read_authorities, "both.p12", f"a PKCS#12 file, {command('pkcs12 -cacerts -nokeys')}"),
    ]:
        with pytest.raises(ValueError) as raised:
            read(texts[name])
        assert str(raised.value) == expected
