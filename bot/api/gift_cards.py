"""/api/v1/gift-cards: issued, looked up by their ids, blocked. A code is told once."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from bot.api.access import Client, Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import prices as reads
from bot.api.shapes import Listed, MoneyIn, MoneyOut, listed
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Refused
from data.kernel.tokens import fingerprint
from data.orders import Order
from data.payments.credit_models import GiftCard, GiftCardUse
from data.payments.gift_card_batches import LONGEST_REASON, MOST, Gift, cards_of, issue_batch
from data.payments.gift_cards import block_gift_card

router = APIRouter(prefix="/gift-cards", tags=["gift cards"])


class GiftCardOut(BaseModel):
    """`held` of its balance waits for orders that may be paid; of the code only its end is kept."""

    id: str
    code_end: str
    issued: MoneyOut
    balance: MoneyOut
    held: MoneyOut
    enabled: bool
    reason: str
    issued_by: str
    expires_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, card: GiftCard) -> "GiftCardOut":
        return cls(
            id=card.id,
            code_end=card.code_end,
            issued=MoneyOut.of(card.issued),
            balance=MoneyOut.of(card.balance),
            held=MoneyOut.of(card.held),
            enabled=card.enabled,
            reason=card.note,
            issued_by=card.issued_by,
            expires_at=card.expires_at,
            created_at=card.created_at,
        )


class UseOut(BaseModel):
    order_id: str
    number: str
    state: str
    amount: MoneyOut
    updated_at: datetime

    @classmethod
    def of(cls, use: GiftCardUse, order: Order) -> "UseOut":
        return cls(
            order_id=order.id,
            number=order.number,
            state=use.state,
            amount=MoneyOut.of(use.amount),
            updated_at=use.updated_at,
        )


class GiftCardDetail(GiftCardOut):
    """`uses`: the latest fifty."""

    uses: list[UseOut] = Field(default_factory=list)


class Issued(GiftCardOut):
    """`code` is null where these were issued before, under the same key."""

    code: str | None = Field(default=None, repr=False)


class NewGiftCards(BaseModel):
    """`count` cards with `each` on them. The same `key` twice issues once."""

    key: str = Field(min_length=1, max_length=60)
    each: MoneyIn
    count: int = Field(default=1, ge=1, le=MOST)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    expires_at: AwareDatetime | None = None

    def gift(self) -> Gift:
        return Gift(self.each.money(), self.count, self.reason, self.expires_at)


@router.get("")
def list_gift_cards(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[GiftCardOut]:
    with looking(shop.database, client.merchant_id) as session:
        where = Where(after, limit)
        page = reads.list_gift_cards(session, merchant_id=client.merchant_id, where=where)
        return listed(page, GiftCardOut.of)


@router.get("/{card_id}")
def show_gift_card(card_id: str, client: Known, shop: Shop) -> GiftCardDetail:
    with looking(shop.database, client.merchant_id) as session:
        view = reads.view_gift_card(session, merchant_id=client.merchant_id, card_id=card_id)
        shown = GiftCardOut.of(view.card).model_dump()
        return GiftCardDetail(**shown, uses=[UseOut.of(use, order) for use, order in view.uses])


@router.post("", status_code=201)
def issue_gift_cards(body: NewGiftCards, client: Known, shop: Shop) -> list[Issued]:
    batch_id = f"gcb_{fingerprint(f'{client.merchant_id}:{body.key}')[:32]}"
    try:
        return _issue(shop, client, batch_id, body.gift())
    except Refused:
        return _issued_before(shop, client, batch_id)


@router.post("/{card_id}/block")
def block_card(card_id: str, client: Known, shop: Shop) -> GiftCardOut:
    """It pays nothing any more; what it has paid stands."""
    with changing(shop.database, client.merchant_id) as session:
        card = block_gift_card(
            session,
            merchant_id=client.merchant_id,
            card_id=card_id,
            by=client.name,
            now=client.now,
        )
        return GiftCardOut.of(card)


def _issue(shop: OpenShop, client: Client, batch_id: str, gift: Gift) -> list[Issued]:
    with changing(shop.database, client.merchant_id) as session:
        issued = issue_batch(
            session,
            merchant_id=client.merchant_id,
            batch_id=batch_id,
            gift=gift,
            by=client.name,
            now=client.now,
        )
        return [Issued(**GiftCardOut.of(card).model_dump(), code=code) for card, code in issued]


def _issued_before(shop: OpenShop, client: Client, batch_id: str) -> list[Issued]:
    with looking(shop.database, client.merchant_id) as session:
        cards = cards_of(session, merchant_id=client.merchant_id, batch_id=batch_id)
        return [Issued(**GiftCardOut.of(card).model_dump()) for card in cards]
