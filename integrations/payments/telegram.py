"""Telegram's invoices behind the Gateway port: a provider that tells by itself and takes no calls.

The bot shows the invoice (bot/channels/telegram_invoices.py); Telegram asks before it takes money
and tells when it has (data/payments/invoices.py). No call of the Bot API asks for a payment made
through a payment provider, or gives it back: that is done at the provider.
"""

from collections.abc import Mapping, Sequence

from data.payments.gateway import (
    BadNotice,
    Flags,
    NewPayment,
    NewRefund,
    PaymentRef,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    Standing,
)
from data.payments.invoices import TELEGRAM


class TelegramInvoices:
    """Whatever it has not told us has not happened, as far as anybody can know."""

    @property
    def name(self) -> str:
        return TELEGRAM

    @property
    def flags(self) -> Flags:
        return Flags(can_query=False, can_close=False)

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        """Only comes to this when nothing was heard of a try that we had agreed to."""
        raise ProviderRefused("not_heard_of")

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        return None

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_holds")

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_holds")

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("refused_when_asked")

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        raise ProviderRefused("by_hand")

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        return None

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        return None

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """What it tells comes through the bot's own webhook, known by the bot's secret."""
        raise BadNotice("comes_as_an_update")
