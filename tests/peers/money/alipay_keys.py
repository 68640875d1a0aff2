"""Keys of the sides of Alipay's stand-in, made once a run, and the library that speaks for it."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache

from alipay import AliPay
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

APP_ID, SELLER_ID = "2021000118630000", "2088102177846880"


@dataclass(frozen=True, slots=True)
class Keys:
    """One side's, as its tools give them: bare base64 of PKCS#8 and of a public key."""

    private: str
    public: str


@cache
def keys(whose: str) -> Keys:  # `whose` keeps them apart
    key = generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Keys(b64encode(private).decode(), b64encode(public).decode())


def pem(base64: str, kind: str) -> str:
    return f"-----BEGIN {kind}-----\n{base64}\n-----END {kind}-----"


@cache  # it takes longer to prove a key than to sign ten times with it
def an_sdk(*, private: str, public: str, app_id: str = APP_ID) -> AliPay:
    return AliPay(
        appid=app_id,
        app_private_key_string=pem(private, "PRIVATE KEY"),
        alipay_public_key_string=pem(public, "PUBLIC KEY"),
    )
