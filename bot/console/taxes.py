"""The shop's tax: its rate, whether prices have it in them, and who set it."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.console.desk import AtDesk, Desk, Form
from bot.console.naming import NamedForm
from bot.console.pages import FormProblems, go, page, read_form, typed
from bot.console.prices import ROOM as PRICES
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Invalid
from data.merchants import Merchant
from data.orders.price_moves import moves_about
from data.orders.taxes import Tax, change_tax, percent_of, tax_of

ROOM = f"{PRICES}/tax"
router = APIRouter(prefix=ROOM)
_YES = "yes"
_OK, _UNPROCESSABLE = 200, 422


class TaxForm(NamedForm):
    percent: str = Field(min_length=1, max_length=20)
    included: Literal["yes", "no"]
    on_shipping: Literal["yes", "no"]

    def tax(self) -> Tax:
        return Tax(
            percent=percent_of(self.percent),
            included=self.included == _YES,
            on_shipping=self.on_shipping == _YES,
            name=self.name(),
        )


@router.get("")
def show_tax(desk: AtDesk, shop: Shop) -> Response:
    return _room(desk, shop)


@router.post("")
def save_tax(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """For orders that are placed from now on."""
    try:
        tax = read_form(TaxForm, form).tax()
    except FormProblems as problems:
        return _room(desk, shop, form, problems.fields)
    except Invalid:
        return _room(desk, shop, form, {"percent"})
    _change(desk, shop, tax)
    return go(ROOM, done="tax_saved")


@router.post("/remove")
def remove_tax(desk: AtDesk, shop: Shop) -> Response:
    _change(desk, shop, None)
    return go(ROOM, done="tax_saved")


def _change(desk: Desk, shop: OpenShop, tax: Tax | None) -> None:
    with changing(shop.database, desk.merchant_id) as session:
        change_tax(session, merchant_id=desk.merchant_id, tax=tax, by=desk.email, now=desk.now)


def _room(
    desk: Desk, shop: OpenShop, form: FormData | None = None, fields: set[str] | None = None
) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        tax = tax_of(session.get_one(Merchant, desk.merchant_id))
        moves = moves_about(session, merchant_id=desk.merchant_id, subjects=[desk.merchant_id])
    return page(
        "tax.html",
        desk,
        status=_UNPROCESSABLE if fields else _OK,
        tax=tax,
        given=_told(tax) if form is None else typed(form),
        fields=fields or set(),
        moves=moves,
    )


def _told(tax: Tax | None) -> dict[str, str]:
    """A rate as the form shows it."""
    if tax is None:
        return {}
    names = {f"name_{tag.replace('-', '_').lower()}": name for tag, name in tax.name.items()}
    return {
        "percent": f"{tax.percent.normalize():f}",
        "included": _YES if tax.included else "no",
        "on_shipping": _YES if tax.on_shipping else "no",
        **names,
    }
