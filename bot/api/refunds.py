"""/api/v1/refunds: money back to where it came from, never more than was captured (I4, T37)."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads.orders import find_payment, find_refund
from bot.api.reads.orders import list_refunds as page_of_refunds
from bot.api.shapes import Listed, MoneyIn, MoneyOut, listed
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.payments import Refund
from data.payments.by_shop import refund_by_shop

router = APIRouter(prefix="/refunds", tags=["refunds"])


class RefundOut(BaseModel):
    """`kind`: ours, or external: begun at the provider."""

    id: str
    order_id: str
    payment_id: str
    kind: str
    state: str
    amount: MoneyOut
    cause: str
    created_at: datetime

    @classmethod
    def of(cls, refund: Refund) -> "RefundOut":
        return cls(
            id=refund.id,
            order_id=refund.order_id,
            payment_id=refund.attempt_id,
            kind=refund.kind,
            state=refund.state,
            amount=MoneyOut.of(refund.amount),
            cause=refund.cause_ref,
            created_at=refund.created_at,
        )


class NewRefund(BaseModel):
    """Without an amount, all that is left. The same `key` twice gives the same refund."""

    payment_id: str
    key: str = Field(min_length=1, max_length=60)
    amount: MoneyIn | None = None


@router.get("")
def list_refunds(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[RefundOut]:
    with looking(shop.database, client.merchant_id) as session:
        where = Where(after, limit)
        page = page_of_refunds(session, merchant_id=client.merchant_id, where=where)
        return listed(page, RefundOut.of)


@router.get("/{refund_id}")
def get_refund(refund_id: str, client: Known, shop: Shop) -> RefundOut:
    with looking(shop.database, client.merchant_id) as session:
        return RefundOut.of(
            find_refund(session, merchant_id=client.merchant_id, refund_id=refund_id)
        )


@router.post("", status_code=201)
def create_refund(body: NewRefund, client: Known, shop: Shop) -> RefundOut:
    """Of a team's or a common order that has not left, all that is left calls the order off. 409
    refund_of_share for a part of what somebody gave to a present of several, or for any of it once
    that is ordered: then the order of the present is called off."""
    with changing(shop.database, client.merchant_id) as session:
        paid = find_payment(session, merchant_id=client.merchant_id, payment_id=body.payment_id)
        refund = refund_by_shop(
            session,
            attempt_id=paid.id,
            amount=body.amount.money() if body.amount else None,
            key=body.key,
            now=client.now,
        )
        return RefundOut.of(refund)
