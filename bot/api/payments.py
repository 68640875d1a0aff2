"""/api/v1/payments: every try to pay, as our books and the provider have it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads.orders import find_payment
from bot.api.reads.orders import list_payments as page_of_payments
from bot.api.shapes import Listed, MoneyOut, listed
from bot.web.scope import looking
from bot.web.shop import Shop
from data.kernel.money import Money
from data.payments import PaymentAttempt

router = APIRouter(prefix="/payments", tags=["payments"])


class PaymentOut(BaseModel):
    """`refundable`: captured, and not promised back yet."""

    id: str
    order_id: str
    number: int
    provider: str
    provider_ref: str | None
    state: str
    amount: MoneyOut
    captured: MoneyOut
    refundable: MoneyOut
    quarantine: str | None
    created_at: datetime

    @classmethod
    def of(cls, paid: PaymentAttempt) -> "PaymentOut":
        left = Money(paid.captured_minor - paid.promised_minor, paid.currency)
        return cls(
            id=paid.id,
            order_id=paid.order_id,
            number=paid.number,
            provider=paid.provider,
            provider_ref=paid.provider_ref,
            state=paid.state,
            amount=MoneyOut.of(paid.amount),
            captured=MoneyOut.of(paid.captured),
            refundable=MoneyOut.of(left),
            quarantine=paid.quarantine,
            created_at=paid.created_at,
        )


@router.get("")
def list_payments(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[PaymentOut]:
    with looking(shop.database, client.merchant_id) as session:
        where = Where(after, limit)
        page = page_of_payments(session, merchant_id=client.merchant_id, where=where)
        return listed(page, PaymentOut.of)


@router.get("/{payment_id}")
def get_payment(payment_id: str, client: Known, shop: Shop) -> PaymentOut:
    with looking(shop.database, client.merchant_id) as session:
        return PaymentOut.of(
            find_payment(session, merchant_id=client.merchant_id, payment_id=payment_id)
        )
