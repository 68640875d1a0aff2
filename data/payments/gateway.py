"""The port to every payment provider. The core asks its flags, never its name.

What comes back is the provider's word, already parsed: it is compared with our intent before it
is believed. `NoAnswer` means we do not know; only `NotThere` means that nothing happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from data.kernel.money import Money


class Scene(StrEnum):
    """Where the payer looks at our page; it decides how they can get to a provider."""

    DESKTOP = "desktop"
    PHONE = "phone"
    WECHAT = "wechat"  # the browser inside WeChat


class PayBy(StrEnum):
    """How a payer gets from our page to the provider, and what `ProviderPayment.pay_with` is."""

    LINK = "link"  # an address to go to
    QR = "qr"  # a text to be shown as a code, scanned by the provider's own app
    JSAPI = "jsapi"  # a prepay id for WeChat's own bridge


EVERYWHERE: frozenset[Scene] = frozenset(Scene)


@dataclass(frozen=True, slots=True)
class Flags:
    """What a provider can do. `currencies` empty: any. `can_query`: it tells of a payment, and of
    what became of it, when it is asked, not only by itself."""

    scenes: frozenset[Scene] = EVERYWHERE
    currencies: frozenset[str] = frozenset()
    can_authorize: bool = False
    longest_hold: timedelta | None = None
    can_partial_capture: bool = False
    can_query: bool = True
    can_close: bool = True


class PaymentStatus(StrEnum):
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    VOIDED = "voided"


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider shows it. `our_ref` is our key, as it came back to us.
    `amount`: what was asked for; once it is captured, what was taken.

    `provider_ref` None: it gives a payment no name of its own before somebody has paid.
    """

    status: PaymentStatus
    amount: Money
    provider_ref: str | None
    our_ref: str | None = None
    pay_by: PayBy | None = None
    pay_with: str | None = field(default=None, repr=False)  # who has it can pay, and look
    pay_until: datetime | None = None  # None: it is good as long as the payment is
    hold_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """`is_short`: it waits because the shop's balance there is too low."""

    status: RefundStatus
    amount: Money
    provider_ref: str
    our_ref: str | None = None
    is_short: bool = False


class DisputeStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ProviderFee:
    """What the provider kept, under its own name for that; below zero: it gave that back."""

    amount: Money
    provider_ref: str


@dataclass(frozen=True, slots=True)
class ProviderDispute:
    """`out`: what has left the shop's account there for it, and is shown as no refund; None: all
    of it. `is_claim`: a refund beside it would give the money back twice; a mere question is none.
    """

    status: DisputeStatus
    amount: Money
    provider_ref: str
    reason: str = ""
    answer_by: datetime | None = None
    out: Money | None = None
    is_claim: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a captured payment, as far as the provider tells.

    `refunds`: those it names, whoever began them. `is_all_returned`: nothing of it is left, in
    however many refunds. `is_touched`: something was given back, and nobody says how much.
    """

    refunds: Sequence[ProviderRefund] = ()
    is_all_returned: bool = False
    is_touched: bool = False
    fees: Sequence[ProviderFee] = ()
    disputes: Sequence[ProviderDispute] = ()


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider knows no such payment or refund."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The call may or may not have worked: time-out, cut connection, 429, 500."""

    reason: str


@dataclass(frozen=True, slots=True)
class TooPoor:
    """A refund that cannot be paid now: the shop's balance there is too low; nothing happened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider understood and refused; nothing happened."""

    reason: str


PaymentAnswer = ProviderPayment | NotThere | NoAnswer | Declined
RefundAnswer = ProviderRefund | NotThere | NoAnswer | TooPoor | Declined
Answer = PaymentAnswer | RefundAnswer


class ProviderUnreachable(Exception):
    """Raised by a gateway when it cannot tell whether the provider acted."""


class BalanceTooLow(ProviderUnreachable):
    """A refund was not made, and the same call works once the shop's balance there is filled up."""


class ProviderRefused(Exception):
    """Raised by a gateway when the provider refused for good, and did nothing."""


class BadNotice(Exception):
    """A callback whose signature or form is wrong: answer 4xx and store nothing."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a provider is told besides the sum. Fixed when the attempt begins: the same key always
    goes with the same words, else a provider refuses the repeat."""

    about: str = ""  # the shop and the order's number, for the payer's statement
    locale: str = "en"
    scene: Scene = Scene.DESKTOP
    payer_ip: str = ""
    payer_ref: str = ""  # the openid, inside WeChat
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewPayment:
    """`key` is our idempotency key and our reference at the provider: 32 characters."""

    key: str
    amount: Money
    order_id: str
    authorize_only: bool = False
    details: Details = Details()


@dataclass(frozen=True, slots=True)
class PaymentRef:
    """A payment at the provider, by our key and, once known, by its own reference.

    `is_offered`: its payer has been given a way to pay it, good until `expires_at`.
    `let_go`: it is over for us. Where a payer's consent takes nothing yet, a gateway that takes the
    money when it sees the consent must not do so any more.
    `capture`: what of a hold is to be taken; None: all of it.
    """

    key: str
    provider_ref: str | None
    amount: Money
    is_offered: bool = False
    expires_at: datetime | None = None
    let_go: bool = False
    capture: Money | None = None


@dataclass(frozen=True, slots=True)
class NewRefund:
    """`provider_ref`: the refund's own name there, once it is known."""

    key: str
    amount: Money
    payment: PaymentRef
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A callback whose signature held. What it claims is compared, never believed.

    `of_payment`: our key of the payment whose money had come before, where it tells of something
    after that (a refund, a dispute): what is not ours by `our_ref` is looked for there.
    """

    event_id: str
    our_ref: str
    raw: bytes
    headers: Mapping[str, str]
    claimed: Money | None = None
    of_payment: str = ""


class Gateway(Protocol):
    """One provider. Every call carries our key, so that repeating it has one effect."""

    @property
    def name(self) -> str: ...

    @property
    def flags(self) -> Flags: ...

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment: ...

    async def query(self, payment: PaymentRef) -> ProviderPayment | None: ...

    async def capture(self, payment: PaymentRef) -> ProviderPayment: ...

    async def void(self, payment: PaymentRef) -> ProviderPayment: ...

    async def close(self, payment: PaymentRef) -> ProviderPayment: ...

    async def refund(self, wanted: NewRefund) -> ProviderRefund: ...

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None: ...

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        """What became of a captured payment. `named`: refunds there that notices spoke of. None:
        this provider tells nothing of that."""
        ...

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """BadNotice for what they did not sign; None for what says nothing of a payment."""
        ...
