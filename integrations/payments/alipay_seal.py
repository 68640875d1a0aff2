"""Keys, signatures and the two wire forms of Alipay: RSA, PKCS#1 v1.5, SHA-256 ("RSA2"), base64.

    a request   its parameters but `sign`, sorted, `name=value` joined by `&`, not URL-encoded
    an answer   {"<method>_response": {…}, "sign": "…"}: the text of that member, byte for byte
    a notice    a form: its parameters but `sign` and `sign_type`, sorted and joined as in a request

(opendocs.alipay.com/common/057k53, and Alipay's own SDK for Java, as are the facts below.)
"""

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

SIGN, SIGN_TYPE, RSA2 = "sign", "sign_type", "RSA2"
_SMALLEST_KEY = 2048  # bits; RSA2 asks for no less
_FENCE = re.compile(r"-{5}(?:BEGIN|END) [A-Z ]+-{5}")
_GAP = re.compile(r"[ \t\r\n]*")
_MOST_PARAMETERS = 100  # a notice has about thirty
# Figures stay as they are written: an amount may come without quotes.
_JSON = json.JSONDecoder(parse_float=str, parse_int=str)


@dataclass(frozen=True, slots=True)
class Seal:
    """The shop's own key, and the half of Alipay's that the shop was given."""

    ours: rsa.RSAPrivateKey = field(repr=False)
    theirs: rsa.RSAPublicKey

    def sign(self, text: str) -> str:
        signed = self.ours.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signed).decode()

    def holds(self, text: str, signature: str) -> bool:
        """Did Alipay sign this?"""
        try:
            raw = base64.b64decode(signature, validate=True)
            self.theirs.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """`text` is what was signed, `signature` empty where nothing was."""

    text: str
    told: Mapping[str, Any]
    signature: str

    def is_signed(self, seal: Seal) -> bool:
        """Some answers are signed before `/` is written as `\\/`: the Java SDK looks twice too."""
        if seal.holds(self.text, self.signature):
            return True
        return "\\/" in self.text and seal.holds(self.text.replace("\\/", "/"), self.signature)


def private_key(text: str) -> rsa.RSAPrivateKey:
    """PKCS#1 or PKCS#8, in PEM or as the bare base64 that Alipay's key tool gives. ValueError."""
    try:
        key = load_der_private_key(_der(text), password=None)
    except (TypeError, UnsupportedAlgorithm):  # TypeError: it is locked by a password
        raise ValueError("private_key") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _SMALLEST_KEY:
        raise ValueError("private_key")
    return key


def public_text(ours: rsa.RSAPrivateKey) -> str:
    """The public half, as Alipay's key tool writes it: bare base64, in one line."""
    told = ours.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(told).decode()


def public_key(text: str) -> rsa.RSAPublicKey:
    """In PEM, or as the bare base64 that Alipay's console shows. ValueError."""
    try:
        key = load_der_public_key(_der(text))
    except UnsupportedAlgorithm:
        raise ValueError("public_key") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise ValueError("public_key")
    return key


def signed_text(parameters: Mapping[str, str], *, without: Collection[str] = (SIGN,)) -> str:
    kept = sorted((name, value) for name, value in parameters.items() if name not in without)
    return "&".join(f"{name}={value}" for name, value in kept)


def read_answer(raw: bytes, method: str) -> SealedAnswer:
    """ValueError: it is no answer to this method."""
    members = _members(raw.decode())
    names = members.keys() & {f"{method.replace('.', '_')}_response", "error_response"}
    if len(names) != 1:
        raise ValueError("answer")
    text, told = members[names.pop()]
    _, signature = members.get(SIGN, ("", ""))
    if not isinstance(told, dict) or not isinstance(signature, str):
        raise ValueError("answer")
    return SealedAnswer(text, told, signature)


def read_form(raw: bytes) -> dict[str, str]:
    """Each parameter once, in UTF-8, as we asked for. ValueError."""
    pairs = parse_qsl(
        raw.decode("ascii"),
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=_MOST_PARAMETERS,
    )
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("twice")
    return told


def _members(text: str) -> dict[str, tuple[str, Any]]:
    """The members of a JSON object, each also as it is written. Found by reading, not by searching:
    braces, quotes and `"sign"` may stand in what a payer or a shop has typed."""
    found: dict[str, tuple[str, Any]] = {}
    at, follows = _past(text, 0, "{"), ","
    while follows == ",":
        name, at = _JSON.raw_decode(text, _ink(text, at))
        begin = _ink(text, _past(text, at, ":"))
        value, at = _JSON.raw_decode(text, begin)
        if not isinstance(name, str) or name in found:
            raise ValueError("members")
        found[name] = (text[begin:at], value)
        at = _ink(text, at)
        follows, at = text[at : at + 1], at + 1
    if follows != "}" or _ink(text, at) != len(text):
        raise ValueError("members")
    return found


def _past(text: str, at: int, sign: str) -> int:
    at = _ink(text, at)
    if text[at : at + 1] != sign:
        raise ValueError("members")
    return at + 1


def _ink(text: str, at: int) -> int:
    """Where something is written next."""
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _der(text: str) -> bytes:
    """What a fence of PEM says of its inside is often wrong here, so it is not asked."""
    return base64.b64decode("".join(_FENCE.sub("", text).split()), validate=True)
