"""What WeChat Pay v3 says, as JSON, read into what the port knows. ValueError: it makes no sense.

Amounts are whole fen. A refunded payment was taken before: `REFUND` is captured. An `ABNORMAL`
refund did not reach its payer and lies with WeChat Pay until a person of the shop has said where
it goes; then it can be told as given back by hand (data/payments/by_hand.py).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from data.kernel.money import Money
from data.payments.gateway import (
    PaymentRef,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    RefundStatus,
)
from integrations.payments.wechat_pay_seal import unseal

YUAN = "CNY"  # the only currency of merchants in China
# Of questions; old answers spell the first as one word.
NOT_THERE = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_ALGORITHM = "AEAD_AES_256_GCM"
_PAID = "TRANSACTION.SUCCESS"
_GIVEN_BACK = ("REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED")
_T = TypeVar("_T")
_CODE = re.compile(r"[A-Z][A-Z_]{1,47}")

# doc/v3/merchant/4013070356; the last four are told of paying by a shown code alone.
_TRADES = {
    "SUCCESS": PaymentStatus.CAPTURED,
    "REFUND": PaymentStatus.CAPTURED,
    "NOTPAY": PaymentStatus.PENDING,
    "CLOSED": PaymentStatus.VOIDED,
    "REVOKED": PaymentStatus.VOIDED,
    "USERPAYING": PaymentStatus.PENDING,
    "ACCEPT": PaymentStatus.PENDING,
    "PAYERROR": PaymentStatus.FAILED,
}
# doc/v3/merchant/4013071031, 2.3
_REFUNDS = {
    "SUCCESS": RefundStatus.SUCCEEDED,
    "PROCESSING": RefundStatus.PENDING,
    "CLOSED": RefundStatus.FAILED,
    "ABNORMAL": RefundStatus.FAILED,
}


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Amount(_Said):
    total: int | None = None
    refund: int | None = None
    currency: str = YUAN


class _Trade(_Said):
    out_trade_no: str
    trade_state: str
    mchid: str
    appid: str
    transaction_id: str | None = None
    amount: _Amount = _Amount()


class _Refund(_Said):
    out_refund_no: str
    refund_id: str
    status: str
    amount: _Amount


class _RefundTold(_Said):
    """Its `refund_status` is not read: a notice only makes us ask."""

    out_refund_no: str
    mchid: str
    amount: _Amount
    out_trade_no: str = ""


class _Sealed(_Said):
    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class _Head(_Said):
    id: str
    event_type: str


class _Notice(_Head):
    resource: _Sealed


@dataclass(frozen=True, slots=True)
class Told:
    """What a notice says once it is open. `appid` None: a refund's is told without; it names its
    payment (`of_payment`) instead."""

    event_id: str
    our_ref: str
    mchid: str
    appid: str | None
    claimed: Money
    of_payment: str = ""


def notice_of(raw: bytes, keys: Sequence[bytes]) -> Told | None:
    """None: it says nothing of a payment or a refund."""
    head = _Head.model_validate_json(raw)
    if head.event_type not in (_PAID, *_GIVEN_BACK):
        return None
    opened = _opened(_Notice.model_validate_json(raw).resource, keys)
    if head.event_type == _PAID:
        paid = _Trade.model_validate_json(opened)
        claimed = _money(paid.amount.total, paid.amount.currency)
        return Told(head.id, paid.out_trade_no, paid.mchid, paid.appid, claimed)
    back = _RefundTold.model_validate_json(opened)
    claimed = _money(back.amount.refund, back.amount.currency)
    return Told(head.id, back.out_refund_no, back.mchid, None, claimed, back.out_trade_no)


def payment_of(raw: bytes, asked: PaymentRef) -> ProviderPayment:
    """An unpaid one may be told without its sum; a paid one never is."""
    trade = _Trade.model_validate_json(raw)
    status = _known(_TRADES, trade.trade_state)
    total = trade.amount.total
    if total is None and status == PaymentStatus.CAPTURED:
        raise ValueError("amount")
    return ProviderPayment(
        status=status,
        amount=asked.amount if total is None else Money(total, trade.amount.currency),
        provider_ref=trade.transaction_id or None,
        our_ref=trade.out_trade_no,
    )


def is_returned(raw: bytes) -> bool:
    """At least a part of it was given back."""
    return _Trade.model_validate_json(raw).trade_state == "REFUND"


def refund_of(raw: bytes) -> ProviderRefund:
    told = _Refund.model_validate_json(raw)
    return ProviderRefund(
        status=_known(_REFUNDS, told.status),
        amount=_money(told.amount.refund, told.amount.currency),
        provider_ref=told.refund_id,
        our_ref=told.out_refund_no,
    )


def code_of(raw: bytes, status: int) -> str:
    """Of a refusal: `{"code":"ORDER_CLOSED","message":…}`. Its message may change at any time."""
    try:
        code = json.loads(raw)["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        code = None
    is_code = isinstance(code, str) and _CODE.fullmatch(code) is not None
    return str(code) if is_code else f"status_{status}"


def text_of(raw: bytes, name: str) -> str:
    """One text of an answer: the link, code or id to pay with."""
    try:
        said = json.loads(raw)[name]
    except (KeyError, TypeError):
        raise ValueError(name) from None
    if not isinstance(said, str) or not said:
        raise ValueError(name)
    return said


def _opened(sealed: _Sealed, keys: Sequence[bytes]) -> bytes:
    if sealed.algorithm != _ALGORITHM:
        raise ValueError("algorithm")
    return unseal(sealed.ciphertext, sealed.nonce, sealed.associated_data, keys)


def _money(minor: int | None, currency: str) -> Money:
    if minor is None:
        raise ValueError("amount")
    return Money(minor, currency)


def _known(states: dict[str, _T], state: str) -> _T:
    if state not in states:
        raise ValueError("state")
    return states[state]
