"""Whose day it is: a name, kept encrypted, and compared only after decryption."""

import unicodedata

from sqlalchemy.orm import Session

from data.kernel.encryption import cipher_of, place_of
from data.occasions.models import Occasion


def subject_of(session: Session, occasion: Occasion) -> str:
    """The name in clear; empty when only the relation was told."""
    if occasion.subject is None:
        return ""
    return cipher_of(session).decrypt(occasion.subject, place=_place(occasion))


def seal_subject(session: Session, occasion: Occasion, name: str) -> None:
    cipher = cipher_of(session)
    occasion.subject = cipher.encrypt(name, place=_place(occasion)) if name else None


def same_name(one: str, other: str) -> bool:
    """The same name, however it was typed: width, case and spaces do not count."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _place(occasion: Occasion) -> str:
    return place_of(occasion.merchant_id, Occasion.__tablename__, occasion.id)
