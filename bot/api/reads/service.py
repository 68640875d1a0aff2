"""What a shop learns of its service besides the steps: whether people helped, and what the
operator's language model was asked and has used."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.api.reads.steps import Days
from bot.settings import ModelAccess
from data.analytics import Satisfaction, satisfaction
from data.merchants import Merchant
from data.merchants.model_spend import Spend, spent, spent_between, uses_model
from dialogs.satisfaction import PATTERN


@dataclass(frozen=True, slots=True)
class ModelUse:
    """`limit`: tokens that the shop may use in a day. The model's days are UTC's."""

    name: str
    on: bool
    limit: int
    today: Spend
    range: Spend


@dataclass(frozen=True, slots=True)
class Service:
    """`model` None: the operator offers none."""

    satisfaction: Satisfaction
    model: ModelUse | None


def read_service(
    session: Session, access: ModelAccess | None, *, merchant: Merchant, days: Days, now: datetime
) -> Service:
    told = satisfaction(
        session, merchant_id=merchant.id, pattern=PATTERN, since=days.since, until=days.until
    )
    return Service(told, _model_use(session, access, merchant, days, now) if access else None)


def _model_use(
    session: Session, access: ModelAccess, merchant: Merchant, days: Days, now: datetime
) -> ModelUse:
    shop = merchant.id
    return ModelUse(
        name=access.name,
        on=uses_model(merchant),
        limit=access.tokens,
        today=spent(session, merchant_id=shop, day=now.date()),
        range=spent_between(session, merchant_id=shop, first=days.first, last=days.last),
    )
