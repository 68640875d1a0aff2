"""Gift cards: issued for a reason, how much is left on each and where it went, blocked.

A code stands on one page, once, before the eyes of whoever issued it; nobody can read it again.
"""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import prices as reads
from bot.console.desk import AtDesk, Desk, Form
from bot.console.naming import money_in
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.console.prices import ROOM as PRICES
from bot.shop_days import ending, read_day
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.kernel.errors import Invalid, Refused
from data.kernel.ids import new_id
from data.payments.gift_card_batches import LONGEST_REASON, MOST, Gift, issue_batch
from data.payments.gift_cards import block_gift_card

ROOM = f"{PRICES}/gift-cards"
router = APIRouter(prefix=ROOM)
_FIELDS = {"amount": "each", "expires_at": "last", "day": "last"}
_CONFLICT = 409


class GiftForm(BaseModel):
    """`once` was made with the form, so that sending it twice issues once. `last`: the last day of
    the shop's on which the cards pay."""

    each: Decimal = Field(gt=0, max_digits=16)
    count: int = Field(default=1, ge=1, le=MOST)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    last: str | None = None
    once: str = Field(pattern="^gcb_[0-9a-z]{16}$")

    def gift(self, desk: Desk) -> Gift:
        expires_at = ending(read_day(self.last), desk.timezone)
        return Gift(money_in("each", self.each, desk), self.count, self.reason, expires_at)


@router.get("")
def list_gift_cards(
    desk: AtDesk, shop: Shop, after: Annotated[str | None, Query()] = None
) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_gift_cards(session, merchant_id=desk.merchant_id, where=Where(after))
        figures = reads.card_figures(session, merchant_id=desk.merchant_id)
        return page("gift_cards.html", desk, found=found, figures=figures)


@router.get("/new")
def new_gift_cards(desk: AtDesk) -> Response:
    return page("gift_card_form.html", desk, given={}, fields=set(), once=new_id("gcb"))


@router.post("")
def issue_gift_cards(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """The codes are on the answer itself: an address that shows them would be a second time."""
    try:
        asked = read_form(GiftForm, form)
        gift = asked.gift(desk)
        with changing(shop.database, desk.merchant_id) as session:
            issued = issue_batch(
                session,
                merchant_id=desk.merchant_id,
                batch_id=asked.once,
                gift=gift,
                by=desk.email,
                now=desk.now,
            )
    except FormProblems as problems:
        return _again(desk, form, problems.fields)
    except Invalid as error:
        return _again(desk, form, {_FIELDS.get(error.detail, error.detail)})
    except Refused:
        return page("gift_cards_issued.html", desk, status=_CONFLICT, issued=(), reason="")
    return page("gift_cards_issued.html", desk, issued=issued, reason=gift.reason)


@router.get("/{card_id}")
def show_gift_card(card_id: str, desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        view = reads.view_gift_card(session, merchant_id=desk.merchant_id, card_id=card_id)
        return page("gift_card.html", desk, view=view)


@router.post("/{card_id}/block")
def block_card(card_id: str, desk: AtDesk, shop: Shop) -> Response:
    with changing(shop.database, desk.merchant_id) as session:
        block_gift_card(
            session, merchant_id=desk.merchant_id, card_id=card_id, by=desk.email, now=desk.now
        )
    return go(f"{ROOM}/{card_id}", done="saved")


def _again(desk: Desk, form: FormData, fields: set[str]) -> Response:
    given = typed(form)
    once = new_id("gcb") if "once" in fields else given.get("once", "")
    return wrong("gift_card_form.html", desk, given=given, fields=fields, once=once)
