"""Gift cards: issued by the shop, looked up by their code, and what they are still worth.

The code is told once. 80 bits in letters that nobody takes for others (Crockford's base 32).
"""

import re
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import Invalid, NotFound
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.tokens import fingerprint
from data.orders.price_models import PriceDeed, PriceThing
from data.orders.price_moves import Change, note_move
from data.payments.books import book_gift_card_issued
from data.payments.credit_models import PURSE, GiftCard

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 16  # of 5 bits each
_SHOWN = 4
# What people take for each other, as Crockford reads it.
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def issue_gift_card(  # noqa: PLR0913  # what, whose, how long and by whom
    session: Session,
    *,
    merchant_id: str,
    amount: Money,
    by: str,
    now: datetime,
    expires_at: datetime | None = None,
    note: str = "",
    batch_id: str | None = None,
    code: str | None = None,
) -> tuple[GiftCard, str]:
    """The card and its code, which nobody can read again later. The shop owes its worth from here
    on. `code`: one that a story has thought of."""
    if amount.minor <= 0:
        raise Invalid("amount")
    code = _read(code) if code else _new_code()
    card = GiftCard(
        id=new_id("gft"),
        merchant_id=merchant_id,
        code_hash=_hash(merchant_id, code),
        code_end=code[-_SHOWN:],
        currency=amount.currency,
        issued_minor=amount.minor,
        balance_minor=amount.minor,
        held_minor=0,
        note=note,
        issued_by=by,
        batch_id=batch_id,
        expires_at=expires_at,
        created_at=now,
    )
    session.add(card)
    session.flush()
    book_gift_card_issued(session, card, now=now)
    return card, "-".join(code[start : start + _SHOWN] for start in range(0, _LENGTH, _SHOWN))


def _new_code() -> str:
    """With a letter and a figure, so that no code that is said alone is taken for words."""
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        if not code.isalpha() and not code.isdigit():
            return code


def find_gift_card(session: Session, *, merchant_id: str, code: str) -> GiftCard | None:
    """By its code, however it was typed; None also for another shop's."""
    read = _read(code)
    if len(read) != _LENGTH:
        return None
    return session.scalar(select(GiftCard).where(GiftCard.code_hash == _hash(merchant_id, read)))


def get_gift_card(session: Session, *, merchant_id: str, card_id: str) -> GiftCard:
    """A card that somebody has the code of: a purse is nobody's to look at."""
    card = session.get(GiftCard, card_id)
    if card is None or card.merchant_id != merchant_id or card.issued_by.startswith(PURSE):
        raise NotFound("gift_card")
    return card


def block_gift_card(
    session: Session, *, merchant_id: str, card_id: str, by: str, now: datetime
) -> GiftCard:
    """It fell into the wrong hands: it pays nothing any more; what it has paid stands. Again:
    nothing."""
    card = get_gift_card(session, merchant_id=merchant_id, card_id=card_id)
    if card.enabled:
        card.enabled = False
        change = Change(PriceThing.GIFT_CARD, card.id, PriceDeed.BLOCKED)
        note_move(session, merchant_id=merchant_id, change=change, by=by, now=now)
    return card


def _read(code: str) -> str:
    return re.sub(r"[\s\-]+", "", code).upper().translate(_READ_AS)


def _hash(merchant_id: str, code: str) -> str:
    """Another shop's card of the same code is another card."""
    return fingerprint(f"{merchant_id}:{code}")
