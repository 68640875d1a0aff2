"""Keys of a merchant, of WeChat Pay's stand-in and of a stranger, made anew in each run."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

API_KEY = b"a32ByteKeyOfNobodyButTheseTests0"
OLD_API_KEY = b"the32ByteKeyThatWasBeforeThatOne"
KEY_ID = "PUB_KEY_ID_0119000001092026010100000000000001"
MERCHANT_SERIAL = "3775B6A45ACD588826D15E583A95F5DD00C0FFEE"
_CERTIFICATE = 0x0DF5B6A45ACD588826D15E583A95F5DD0BADCAFE  # its name begins with a zero


@cache
def key(whose: str) -> rsa.RSAPrivateKey:
    """One for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(whose: str) -> str:
    raw = key(whose).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return raw.decode()


def public_pem(whose: str) -> str:
    raw = (
        key(whose)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return raw.decode()


def certificate(whose: str, *, now: datetime, days: int = 365) -> x509.Certificate:
    """By themselves for themselves; the number is always the same."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, whose)])
    begins = min(now, now + timedelta(days=days)) - timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key(whose).public_key())
        .serial_number(_CERTIFICATE)
        .not_valid_before(begins.astimezone(UTC))
        .not_valid_after((now + timedelta(days=days)).astimezone(UTC))
        .sign(key(whose), hashes.SHA256())
    )


def certificate_pem(whose: str, *, now: datetime, days: int = 365) -> str:
    made = certificate(whose, now=now, days=days)
    return made.public_bytes(serialization.Encoding.PEM).decode()


def certificate_serial() -> str:
    """As WeChat Pay writes it: forty digits."""
    return f"{_CERTIFICATE:040X}"


def sealed(text: str, about: str, api_key: bytes = API_KEY) -> dict[str, Any]:
    """The `resource` of a notice."""
    nonce = secrets.token_hex(6)  # twelve letters are its twelve bytes
    raw = AESGCM(api_key).encrypt(nonce.encode(), text.encode(), about.encode())
    return {
        "original_type": about,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(raw).decode(),
        "associated_data": about,
        "nonce": nonce,
    }
