"""A certificate authority of the tests' own, and signing certificates as PayPal has them."""

from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.builders import NOW

SIGNER = "messageverificationcerts.sandbox.paypal.com"
YEAR = timedelta(days=365)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    of: Key,
    *,
    name: str = SIGNER,
    also: tuple[str, ...] = (),
    since: datetime = NOW - YEAR,
    until: datetime = NOW + YEAR,
) -> bytes:
    """In PEM; issued by the tests' authority. `also`: its alternative names."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named("Tests' own authority"))
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )
    if also:
        names = x509.SubjectAlternativeName([x509.DNSName(one) for one in also])
        builder = builder.add_extension(names, critical=False)
    made = builder.sign(key("authority"), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
