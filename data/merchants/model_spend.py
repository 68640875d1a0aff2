"""A shop and the operator's language model: whether it may be asked, and what that has cost today.

What a call may cost is taken from the day's budget before it is made, and put right afterwards: two
calls at once never spend the same tokens (T31).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.once import insert_once
from data.merchants.models import Merchant
from data.merchants.spend_models import ModelSpend

_SETTING = "language_model"


@dataclass(frozen=True, slots=True)
class Spend:
    calls: int = 0
    tokens: int = 0


def uses_model(merchant: Merchant) -> bool:
    """Off until the shop has switched it on."""
    return merchant.settings.get(_SETTING) is True


def switch_model(session: Session, *, merchant_id: str, on: bool) -> None:
    merchant = session.get_one(Merchant, merchant_id, with_for_update=True)
    merchant.settings = {**merchant.settings, _SETTING: on}
    session.flush()


def reserve(session: Session, *, merchant_id: str, day: date, tokens: int, limit: int) -> bool:
    """Take what a call may cost; False: the day's budget does not hold that much any more."""
    insert_once(session, ModelSpend, merchant_id=merchant_id, day=day, calls=0, tokens=0)
    taken = session.execute(
        update(ModelSpend)
        .where(
            ModelSpend.merchant_id == merchant_id,
            ModelSpend.day == day,
            ModelSpend.tokens + tokens <= limit,
        )
        .values(tokens=ModelSpend.tokens + tokens, calls=ModelSpend.calls + 1)
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def put_right(session: Session, *, merchant_id: str, day: date, reserved: int, used: int) -> None:
    """What the call really cost instead of what it might have."""
    session.execute(
        update(ModelSpend)
        .where(ModelSpend.merchant_id == merchant_id, ModelSpend.day == day)
        .values(tokens=ModelSpend.tokens + (used - reserved))
        .execution_options(synchronize_session=False)
    )


def spent(session: Session, *, merchant_id: str, day: date) -> Spend:
    row = session.get(ModelSpend, (merchant_id, day))
    return Spend(row.calls, row.tokens) if row else Spend()


def spent_between(session: Session, *, merchant_id: str, first: date, last: date) -> Spend:
    """Of whole days, the last one included."""
    days = (ModelSpend.day >= first, ModelSpend.day <= last)
    sums = select(func.sum(ModelSpend.calls), func.sum(ModelSpend.tokens))
    calls, tokens = session.execute(sums.where(ModelSpend.merchant_id == merchant_id, *days)).one()
    return Spend(int(calls or 0), int(tokens or 0))
