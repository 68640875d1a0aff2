"""Field encryption: a stolen database or backup shows no address, phone or key.

The first key encrypts, all of them decrypt. Fernet has no associated data, so the place a value
belongs to stands inside it and is checked: nobody can move a ciphertext to another row.
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.orm import Session

CIPHER = "cipher"  # the key in Session.info


class Unreadable(Exception):
    """No key of ours made this text, or it was made for another row."""


class FieldCipher:
    """Keys come from the settings; this is the only object that holds them."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("cipher_without_keys")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @staticmethod
    def new_key() -> str:
        return Fernet.generate_key().decode()

    def encrypt(self, text: str, *, place: str) -> str:
        """`place` is `merchant:table:id`, as `place_of` writes it."""
        return self._fernet.encrypt(f"{place}\n{text}".encode()).decode()

    def decrypt(self, token: str, *, place: str) -> str:
        try:
            found, _, text = self._fernet.decrypt(token).decode().partition("\n")
        except InvalidToken as error:
            raise Unreadable from error
        if found != place:
            raise Unreadable
        return text

    def rotate(self, token: str) -> str:
        """The same text under the first key."""
        try:
            return self._fernet.rotate(token).decode()
        except InvalidToken as error:
            raise Unreadable from error


def place_of(merchant_id: str, table: str, row_id: str) -> str:
    return f"{merchant_id}:{table}:{row_id}"


def cipher_of(session: Session) -> FieldCipher:
    """The cipher this session was opened with; without one, nothing secret is written at all."""
    cipher = session.info.get(CIPHER)
    if not isinstance(cipher, FieldCipher):
        raise RuntimeError("cipher_missing")
    return cipher
