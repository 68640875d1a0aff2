"""Signatures and sealed notices of WeChat Pay v3, over the bytes as they go over the wire.

    ours, of a request     METHOD ⏎ PATH?QUERY ⏎ seconds ⏎ nonce ⏎ body ⏎
    ours, for its bridge   appid ⏎ seconds ⏎ nonce ⏎ prepay_id=… ⏎
    theirs, of a message   seconds ⏎ nonce ⏎ body ⏎        by the key that its serial names

All of them RSA, PKCS#1 v1.5, SHA-256, in base64. What a notice tells is sealed with AES-GCM.
"""

import base64
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
HEADERS = ("timestamp", "nonce", "signature", "serial", "signature-type")
_PREFIX = "wechatpay-"
_PROBE = "WECHATPAY/SIGNTEST/"  # sent now and then, to see whether we look at all
_TOLERANCE = timedelta(minutes=5)  # theirs, and that of their Go and Java clients; both directions
_SMALLEST_KEY = 2048  # bits; the scheme's own name says so
_STAMP = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):
    """A message that is not theirs, or not of now; its text says what is wrong, in one word."""


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """What WeChat Pay signs with. `serial`: a certificate's, or `PUB_KEY_ID_…`, as `tidied`.

    `until`: a certificate's last moment; a bare key has none.
    """

    serial: str
    key: rsa.RSAPublicKey
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """A merchant, and the key that their own certificate (`serial`) vouches for."""

    mchid: str
    serial: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, *lines: str | bytes) -> str:
        signed = self.key.sign(_joined(lines), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signed).decode()

    def authorization(self, method: str, target: str, body: bytes, *, now: datetime) -> str:
        """The header of a request; `target` is its path with its query."""
        stamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        told = {
            "mchid": self.mchid,
            "nonce_str": nonce,
            "signature": self.sign(method, target, stamp, nonce, body),
            "timestamp": stamp,
            "serial_no": self.serial,
        }
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in told.items())


def verify(
    headers: Mapping[str, str], body: bytes, keys: Mapping[str, PlatformKey], *, now: datetime
) -> dict[str, str]:
    """The headers that carry the signature, their names in small letters. BadSignature."""
    given = {name.lower(): value for name, value in headers.items()}
    kept = {_PREFIX + name: given[_PREFIX + name] for name in HEADERS if _PREFIX + name in given}
    stamp, nonce, signature, serial = (kept.get(_PREFIX + name, "") for name in HEADERS[:4])
    if not (stamp and nonce and signature and serial):
        raise BadSignature("signature_missing")
    if signature.startswith(_PROBE):
        raise BadSignature("signature_probe")
    known = keys.get(tidied(serial))
    if known is None or (known.until is not None and now >= known.until):
        raise BadSignature("serial_unknown")
    if not _is_of_now(stamp, now):
        raise BadSignature("signature_old")
    if not is_signed(known.key, signature, stamp, nonce, body):
        raise BadSignature("signature_wrong")
    return kept


def is_signed(key: rsa.RSAPublicKey, signature: str, *lines: str | bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, _joined(lines), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def unseal(sealed: str, nonce: str, associated: str, keys: Iterable[bytes]) -> bytes:
    """With the first key that fits; ValueError: none does, or it is no sealed text."""
    raw = base64.b64decode(sealed, validate=True)
    for key in keys:
        try:
            return AESGCM(key).decrypt(nonce.encode(), raw, associated.encode())
        except InvalidTag:
            continue
    raise ValueError("sealed")


def tidied(serial: str) -> str:
    """However many zeros it is written with: a certificate's serial is a number."""
    return serial.strip().upper().lstrip("0")


def private_key(pem: str) -> rsa.RSAPrivateKey:
    """ValueError for what is none, or too small."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (TypeError, UnsupportedAlgorithm):  # TypeError: it is locked by a password
        raise ValueError("private_key") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _SMALLEST_KEY:
        raise ValueError("private_key")
    return key


def public_key(pem: str) -> rsa.RSAPublicKey:
    """ValueError for what is none, or too small."""
    try:
        return _of_rsa(serialization.load_pem_public_key(pem.encode()))
    except UnsupportedAlgorithm:
        raise ValueError("public_key") from None


def certificates(pem: str) -> list[PlatformKey]:
    """Of one or several, one below the other: while WeChat Pay changes its own, both are in use."""
    return [
        PlatformKey(
            tidied(format(one.serial_number, "X")),
            _of_rsa(one.public_key()),
            one.not_valid_after_utc,
        )
        for one in x509.load_pem_x509_certificates(pem.encode())
    ]


def _of_rsa(key: object) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise ValueError("public_key")
    return key


def _is_of_now(stamp: str, now: datetime) -> bool:
    tells_time = _STAMP.fullmatch(stamp) is not None
    return tells_time and abs(now.timestamp() - int(stamp)) < _TOLERANCE.total_seconds()


def _joined(lines: Sequence[str | bytes]) -> bytes:
    return b"".join((one.encode() if isinstance(one, str) else one) + b"\n" for one in lines)
