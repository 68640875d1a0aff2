"""Coupons: what each takes off, how often it was used and what that cost; a form to make more."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import prices as reads
from bot.console.desk import AtDesk, Desk, Form
from bot.console.naming import NamedForm, money_in
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.console.prices import ROOM as PRICES
from bot.shop_days import between
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.kernel.errors import Invalid, NotFound, Refused
from data.kernel.money import Money
from data.orders.coupon_turns import (
    end_coupon,
    pause_coupon,
    resume_coupon,
    state_of,
)
from data.orders.coupons import CouponTerms, make_coupon

ROOM = f"{PRICES}/coupons"
router = APIRouter(prefix=ROOM)
_TURNS: Mapping[str, Callable[..., None]] = {
    "pause": pause_coupon,
    "resume": resume_coupon,
    "end": end_coupon,
}
# What the domain calls a term that makes no sense, and the fields it was typed into.
_FIELDS = {
    "coupon_worth": {"percent_off", "off"},
    "coupon_time": {"first", "last"},
    "day": {"first", "last"},
    "days": {"first", "last"},
}
_PREFIX = "coupon_"
_MOST_USES = 10**9


class CouponForm(NamedForm):
    """A share or a sum; limits that are left empty do not bind. Days are the shop's."""

    code: str = Field(max_length=60)
    percent_off: int | None = Field(default=None, ge=1, le=100)
    off: Decimal | None = Field(default=None, gt=0, max_digits=16)
    goods_from: Decimal | None = Field(default=None, gt=0, max_digits=16)
    most_off: Decimal | None = Field(default=None, gt=0, max_digits=16)
    budget: Decimal | None = Field(default=None, gt=0, max_digits=16)
    each_person: int = Field(default=1, ge=1, le=100)
    most_uses: int | None = Field(default=None, ge=1, le=_MOST_USES)
    first: str | None = None
    last: str | None = None

    def terms(self, desk: Desk) -> CouponTerms:
        starts_at, ends_at = between(self.first, self.last, desk.timezone)
        return CouponTerms(
            code=self.code,
            name=self.name(),
            percent_off=self.percent_off,
            off=self._money("off", desk),
            goods_from=self._money("goods_from", desk),
            most_off=self._money("most_off", desk),
            budget=self._money("budget", desk),
            each_person=self.each_person,
            most_uses=self.most_uses,
            starts_at=starts_at,
            ends_at=ends_at,
        )

    def _money(self, field: str, desk: Desk) -> Money | None:
        amount: Decimal | None = getattr(self, field)
        return None if amount is None else money_in(field, amount, desk)


@router.get("")
def list_coupons(
    desk: AtDesk, shop: Shop, after: Annotated[str | None, Query()] = None
) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_coupons(session, merchant_id=desk.merchant_id, where=Where(after))
        shown = [(coupon, state_of(coupon, desk.now)) for coupon in found.items]
        return page("coupons.html", desk, coupons=shown, following=found.next)


@router.get("/new")
def new_coupon(desk: AtDesk) -> Response:
    return page("coupon_form.html", desk, given={}, fields=set(), taken=False)


@router.post("")
def open_coupon(desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        terms = read_form(CouponForm, form).terms(desk)
        with changing(shop.database, desk.merchant_id) as session:
            coupon = make_coupon(
                session,
                merchant_id=desk.merchant_id,
                currency=desk.currency,
                terms=terms,
                by=desk.email,
                now=desk.now,
            )
    except FormProblems as problems:
        return _again(desk, form, problems.fields)
    except Invalid as error:
        field = error.detail.removeprefix(_PREFIX)
        return _again(desk, form, _FIELDS.get(error.detail, {field}))
    except Refused:
        return _again(desk, form, {"code"}, taken=True)
    return go(f"{ROOM}/{coupon.id}", done="coupon_made")


@router.get("/{coupon_id}")
def show_coupon(coupon_id: str, desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        view = reads.view_coupon(session, merchant_id=desk.merchant_id, coupon_id=coupon_id)
        return page("coupon.html", desk, view=view, state=state_of(view.coupon, desk.now))


@router.post("/{coupon_id}/{turn}")
def turn_coupon(coupon_id: str, turn: str, desk: AtDesk, shop: Shop) -> Response:
    """Pause, resume or end: no new uses; those of open orders stand."""
    if turn not in _TURNS:
        raise NotFound("turn")
    with changing(shop.database, desk.merchant_id) as session:
        _TURNS[turn](
            session,
            merchant_id=desk.merchant_id,
            coupon_id=coupon_id,
            by=desk.email,
            now=desk.now,
        )
    return go(f"{ROOM}/{coupon_id}", done="saved")


def _again(desk: Desk, form: FormData, fields: set[str], *, taken: bool = False) -> Response:
    given = typed(form)
    return wrong("coupon_form.html", desk, given=given, fields=fields, taken=taken)
