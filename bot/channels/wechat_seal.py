"""WeChat's signatures and its envelope: AES with the account's key, the app id inside.

wechatpy does the AES and the padding, and comes with the first sealed byte; whatever it raises is
one refusal here. Signatures are compared in constant time, which it does not do.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hmac import compare_digest
from typing import Any

from bot.channels.wechat_xml import write
from bot.settings import Secret
from data.kernel.errors import Forbidden, Invalid


@dataclass(frozen=True, slots=True)
class Keys:
    """What the account and WeChat agreed on; `aes_key` is the EncodingAESKey of 43 characters."""

    app_id: str
    token: Secret
    aes_key: Secret

    def signature(self, *parts: str) -> str:
        """SHA-1 over the sorted parts: WeChat's own choice, and only as strong as the token."""
        sorted_parts = sorted(map(_bytes, (self.token.reveal(), *parts)))
        return hashlib.sha1(b"".join(sorted_parts), usedforsecurity=False).hexdigest()

    def is_signed(self, given: str, *parts: str) -> bool:
        return compare_digest(_bytes(self.signature(*parts)), _bytes(given))

    def open(self, sealed: str) -> str:
        """Forbidden: not sealed with this key, or for another app id (T01)."""
        try:
            text: str = self._cipher().decrypt(sealed, self.app_id)
        except Exception as error:  # it raises whatever base64, AES, struct and UTF-8 raise
            raise Forbidden("seal") from error
        return text

    def seal(self, xml: str) -> str:
        sealed: bytes = self._cipher().encrypt(xml, self.app_id)
        return sealed.decode("ascii")

    def envelope(self, xml: str, *, timestamp: int) -> str:
        """A sealed reply, signed; its nonce is new."""
        sealed, nonce = self.seal(xml), secrets.token_hex(8)
        return write(
            {
                "Encrypt": sealed,
                "MsgSignature": self.signature(str(timestamp), nonce, sealed),
                "TimeStamp": timestamp,
                "Nonce": nonce,
            }
        )

    def check(self) -> None:
        """Invalid: the key is none that anything could be sealed with."""
        try:
            self.seal("")
        except Exception as error:
            raise Invalid("aes_key") from error

    def _cipher(self) -> Any:
        return _kind_of_cipher()(_key(self.aes_key.reveal()))


def _key(encoded: str) -> bytes:
    return base64.b64decode(encoded + "=")


@cache
def _kind_of_cipher() -> Callable[[bytes], Any]:
    from wechatpy.crypto import PrpCrypto  # noqa: PLC0415  # brings four hundred modules along

    class Cipher(PrpCrypto):  # type: ignore[misc]  # untyped
        def get_random_string(self) -> str:
            """The sixteen characters in front; the library's own can be foretold."""
            return secrets.token_hex(8)

    return Cipher


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
