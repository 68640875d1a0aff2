"""Orders that a group fills together: what they must come to, what delivery costs, who set it."""

from decimal import Decimal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.console.desk import AtDesk, Desk, Form
from bot.console.naming import money_in
from bot.console.pages import FormProblems, go, page, read_form, typed
from bot.console.prices import ROOM as PRICES
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Invalid
from data.merchants import Merchant
from data.orders.price_moves import moves_about
from data.split_orders import SplitTerms, change_split_terms, split_terms_of
from data.split_orders.terms import subject_of

ROOM = f"{PRICES}/together"
router = APIRouter(prefix=ROOM)
_OK, _UNPROCESSABLE = 200, 422
_LARGEST = Decimal(10**9)


class TogetherForm(BaseModel):
    """Amounts in the shop's currency; `free_from` left empty: the delivery always costs."""

    minimum: Decimal = Field(ge=0, le=_LARGEST)
    fee: Decimal = Field(ge=0, le=_LARGEST)
    free_from: Decimal | None = Field(default=None, gt=0, le=_LARGEST)

    def terms(self, desk: Desk) -> SplitTerms:
        free_from = self.free_from
        return SplitTerms(
            money_in("minimum", self.minimum, desk),
            money_in("fee", self.fee, desk),
            None if free_from is None else money_in("free_from", free_from, desk),
        )


@router.get("")
def show_together(desk: AtDesk, shop: Shop) -> Response:
    return _room(desk, shop)


@router.post("")
def save_together(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """For those that are opened from now on."""
    try:
        _change(desk, shop, read_form(TogetherForm, form).terms(desk))
    except FormProblems as problems:
        return _room(desk, shop, form, problems.fields)
    except Invalid as invalid:
        return _room(desk, shop, form, {invalid.detail})
    return go(ROOM, done="together_saved")


@router.post("/remove")
def remove_together(desk: AtDesk, shop: Shop) -> Response:
    """Not offered any more; those that are open go on."""
    _change(desk, shop, None)
    return go(ROOM, done="together_saved")


def _change(desk: Desk, shop: OpenShop, terms: SplitTerms | None) -> None:
    with changing(shop.database, desk.merchant_id) as session:
        change_split_terms(
            session, merchant_id=desk.merchant_id, terms=terms, by=desk.email, now=desk.now
        )


def _room(
    desk: Desk, shop: OpenShop, form: FormData | None = None, fields: set[str] | None = None
) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        terms = split_terms_of(session.get_one(Merchant, desk.merchant_id))
        subjects = [subject_of(desk.merchant_id)]
        moves = moves_about(session, merchant_id=desk.merchant_id, subjects=subjects)
    return page(
        "together.html",
        desk,
        status=_UNPROCESSABLE if fields else _OK,
        terms=terms,
        given=_told(terms) if form is None else typed(form),
        fields=fields or set(),
        moves=moves,
    )


def _told(terms: SplitTerms | None) -> dict[str, str]:
    """As the form shows them."""
    if terms is None:
        return {}
    amounts = {"minimum": terms.minimum, "fee": terms.fee, "free_from": terms.free_from}
    return {name: str(money.amount) for name, money in amounts.items() if money is not None}
