"""Invoices of Telegram: shown below the words about an order, asked about before money is taken.

Only in the private chat: one person's order is paid by that person. A forwarded copy has no Pay
button but our start link, for `start_parameter` is not empty; whoever pays anyway is refused.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Bot, LabeledPrice, PreCheckoutQuery, Update
from telegram.constants import InvoiceLimit
from telegram.error import BadRequest

from bot.channels.adapter import Asked
from bot.channels.telegram_client import asked
from bot.channels.telegram_people import sender_of
from bot.settings import Secret
from data.delivery.messages import PaymentLink
from data.kernel.money import Money
from data.kernel.storable import storable
from dialogs.invitations import PAY

log = logging.getLogger(__name__)
REFUSED = "refused"  # in place of a message's number: the link above is the way then
_TITLE, _DESCRIPTION = int(InvoiceLimit.MAX_TITLE_LENGTH), int(InvoiceLimit.MAX_DESCRIPTION_LENGTH)
_ELLIPSIS = "…"
_TRIED = 10_000  # a hundred of any currency: above every smallest sum, below every largest
_PATIENCE = 6.0  # seconds; Telegram waits ten for the answer, and the answer has a way to go


# None: let them pay. Else why not, in their language.
WhyNot = Callable[[Asked], str | None]
# That we cannot tell, for whoever speaks so.
Sorry = Callable[[str | None], str]


@dataclass(frozen=True, slots=True)
class Invoices:
    """Of one bot; `provider` is the token of who takes the money. None: it shows no invoices."""

    provider: Secret | None
    why_not: WhyNot
    sorry: Sorry

    async def show(self, client: Bot, *, chat: int, link: PaymentLink) -> str:
        """The number of its message. One that Telegram does not take (the provider's token, a
        currency, a sum) harms nothing: the log tells why."""
        token = self.provider.reveal() if self.provider else ""
        try:
            message = await client.send_invoice(
                chat_id=chat,
                title=_cut(link.title, _TITLE),
                description=_cut(link.body or link.title, _DESCRIPTION),
                payload=link.order_id,
                currency=link.amount.currency,
                prices=[LabeledPrice(_cut(link.title, _TITLE), link.amount.minor)],
                provider_token=token,
                start_parameter=PAY,
            )
        except BadRequest as error:
            log.error("telegram: invoice: %s", error.message.replace(token, "***"))  # T47
            return REFUSED
        return str(message.message_id)

    async def answer(self, client: Bot, update: Mapping[str, Any]) -> None:
        """Telegram asks whether it may take the money, and waits ten seconds. Whatever breaks,
        the answer is no: nobody pays for what we could not look at."""
        try:
            query = Update.de_json(dict(update), None).pre_checkout_query
            if query is None:
                return
            reason = await self._reason(query)
            await client.answer_pre_checkout_query(query.id, reason is None, reason)
        except Exception as error:  # whatever the library raises, and never with the token (T47)
            log.warning("pre-checkout: %s", type(error).__name__)

    async def _reason(self, query: PreCheckoutQuery) -> str | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await asyncio.to_thread(self.why_not, asked_of(query))
        except Exception:
            log.exception("pre-checkout")
            return self.sorry(query.from_user.language_code)


async def try_provider(client: Bot, provider: str, currency: str) -> None:
    """Rejected where Telegram takes no money for it so. What it makes is a link to an invoice that
    nobody is shown, and that we would refuse."""
    prices = [LabeledPrice("-", _TRIED)]
    await asked(client.create_invoice_link("-", "-", "-", currency, prices, provider))


def asked_of(query: PreCheckoutQuery) -> Asked:
    amount = Money(query.total_amount, query.currency)
    return Asked(storable(query.invoice_payload), amount, sender_of(query.from_user))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + _ELLIPSIS
