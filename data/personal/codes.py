"""Codes that a person types, and how many wrong ones we take.

Eight letters and figures that nobody mistakes for each other: 37 bits, good for ten minutes and
for one use, and guessed at no faster than `_CHAT` and `_SHOP` allow.
"""

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint
from data.personal.models import LinkTries

# Neither B and 8, I, L and 1, O and 0, S and 5, Z and 2, nor U and V.
LETTERS = "ACDEFGHJKMNPQRTUWXY34679"
_FIGURES = frozenset("34679")
_LENGTH = 8
_CODE = re.compile(rf"[{LETTERS}]{{4}}-?[{LETTERS}]{{4}}")
# Our decision: people mistype a code twice, not five times; a shop with a hundred wrong ones in a
# quarter of an hour is being guessed at.
_CHAT, _SHOP = 5, 100
WITHIN = timedelta(minutes=15)


def new_code() -> str:
    """As it is shown: `ACDE-3479`; never a word, for there is a figure in it, and a letter."""
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))
        if 0 < sum(letter in _FIGURES for letter in code) < _LENGTH:
            return f"{code[:4]}-{code[4:]}"


def looks_like_code(said: str) -> bool:
    """However it was typed: small letters, without the dash."""
    code = said.strip().upper()
    figures = sum(letter in _FIGURES for letter in code)
    return _CODE.fullmatch(code) is not None and 0 < figures < _LENGTH


def code_hash(merchant_id: str, said: str) -> str:
    """A code means something in one shop only."""
    code = "".join(letter for letter in said.upper() if letter in LETTERS)
    return fingerprint(f"{merchant_id}:{code}")


def admit_try(session: Session, *, merchant_id: str, chat_id: str, now: datetime) -> bool:
    """Count one more try; False: too many were wrong, and this one is not even looked at."""
    if not _take(session, chat_id, merchant_id, _CHAT, now):
        return False
    if _take(session, merchant_id, merchant_id, _SHOP, now):
        return True
    _give_back(session, chat_id)
    return False


def forgive_try(session: Session, *, merchant_id: str, chat_id: str) -> None:
    """It was right: only wrong ones count."""
    _give_back(session, chat_id)
    _give_back(session, merchant_id)


def _take(session: Session, whom: str, merchant_id: str, most: int, now: datetime) -> bool:
    insert_once(session, LinkTries, whom=whom, merchant_id=merchant_id, n=0, since=now)
    over = LinkTries.since <= now - WITHIN
    taken = session.execute(
        update(LinkTries)
        .where(LinkTries.whom == whom, over | (LinkTries.n < most))
        .values(
            n=case((over, 1), else_=LinkTries.n + 1), since=case((over, now), else_=LinkTries.since)
        )
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def _give_back(session: Session, whom: str) -> None:
    session.execute(
        update(LinkTries)
        .where(LinkTries.whom == whom, LinkTries.n > 0)
        .values(n=LinkTries.n - 1)
        .execution_options(synchronize_session=False)
    )
