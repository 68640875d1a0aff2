"""A shop's accounts at payment providers: connected, tried out, changed, left; who moved what.

A secret goes in and never comes out: no page shows one, an empty field keeps what is there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from bot import payment_accounts
from bot.api.reads.payment_trouble import trouble_of
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import go, page, typed
from bot.console.payment_trouble import ROOM, askable
from bot.payment_accounts import Looked, is_told, kind_of, look_at_account, shown_by
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import NotFound
from data.payments.account_models import PaymentAccount
from data.payments.accounts import (
    accounts_of,
    disconnect_account,
    enabled_account,
    moves_of_accounts,
)
from integrations.payments.kinds import BadCredentials, Connected, Kind

router = APIRouter(prefix=ROOM)
_OK, _UNPROCESSABLE = 200, 422
_LOOKED_BACK, _SHOWN = 200, 20  # moves: for who was last at an account, and in the table


@dataclass(frozen=True, slots=True)
class _News:
    """What the page says of one provider besides how things stand. `kept` False: what was typed in
    is not kept, and stands in the form again but for its secrets; `wrong` is the field to blame."""

    provider: str = ""
    looked: Looked | None = None
    lost: bool = False
    kept: bool = True
    wrong: str = ""
    given: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """One provider as the page shows it; `left` are accounts that take no new payments."""

    kind: Kind
    account: PaymentAccount | None
    left: Sequence[PaymentAccount]

    def told(self, news: _News) -> dict[str, str]:
        """What stands in the form: never a secret."""
        settings = self.account.settings if self.account else {}
        known = news.given if news.provider == self.kind.name and not news.kept else settings
        return {one.name: known.get(one.name, "") for one in self.kind.fields if not one.secret}


@router.get("")
def show_payments(desk: AtDesk, shop: Shop) -> Response:
    return _room(desk, shop, _News())


@router.post("/accounts/{provider}")
def connect_payments(provider: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Tried out before anything is kept; what the provider does not take is not kept."""
    kind, merchant_id = kind_of(shop, provider), desk.merchant_id
    given = _given(kind, form)
    whole = payment_accounts.with_kept_secrets(shop, kind, given, merchant_id=merchant_id)
    try:
        looked = asyncio.run(payment_accounts.try_out(shop, kind, whole))
    except BadCredentials as bad:
        return _room(desk, shop, _News(provider, kept=False, wrong=bad.detail, given=given))
    if looked.refused or looked.away:
        return _room(desk, shop, _News(provider, looked, kept=False, given=given))
    payment_accounts.keep(shop, kind, whole, merchant_id=merchant_id, by=desk.email)
    asyncio.run(payment_accounts.enrol(shop, kind, merchant_id=merchant_id, by=desk.email))
    account, gateway = payment_accounts.opened(shop, merchant_id=merchant_id, provider=kind.name)
    looked = asyncio.run(look_at_account(shop, account, gateway))  # with the address of now
    if looked.is_sound:
        return go(ROOM, done="payments_connected")
    return _room(desk, shop, _News(provider, looked))


@router.post("/accounts/{provider}/check")
def check_payments(provider: str, desk: AtDesk, shop: Shop) -> Response:
    """Ask the provider now, by calls that move no money."""
    kind = kind_of(shop, provider)
    with looking(shop.database, desk.merchant_id) as session:
        if enabled_account(session, merchant_id=desk.merchant_id, provider=kind.name) is None:
            raise NotFound("payment_account")
    try:
        account, gateway = payment_accounts.opened(
            shop, merchant_id=desk.merchant_id, provider=kind.name
        )
    except NotFound:
        return _room(desk, shop, _News(provider, lost=True))
    looked = asyncio.run(look_at_account(shop, account, gateway))
    return _room(desk, shop, _News(provider, looked))


@router.post("/accounts/{provider}/disconnect")
def disconnect_payments(provider: str, desk: AtDesk, shop: Shop) -> Response:
    kind = kind_of(shop, provider)
    with changing(shop.database, desk.merchant_id) as session:
        disconnect_account(
            session,
            merchant_id=desk.merchant_id,
            provider=kind.name,
            by=desk.email,
            now=desk.now,
        )
    return go(ROOM, done="payments_disconnected")


def _given(kind: Kind, form: FormData) -> dict[str, str]:
    """The fields of this kind alone, with lines as everybody but a browser ends them."""
    told = typed(form)
    return {one.name: told.get(one.name, "").replace("\r\n", "\n") for one in kind.fields}


def _room(desk: Desk, shop: OpenShop, news: _News) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        accounts = accounts_of(session, merchant_id=desk.merchant_id)
        moves = moves_of_accounts(session, merchant_id=desk.merchant_id, most=_LOOKED_BACK)
        trouble = trouble_of(session, merchant_id=desk.merchant_id)
        gateways = {one.id: shop.gateways.open(session, one) for one in accounts}
    return page(
        "payments.html",
        desk,
        status=_OK if news.kept else _UNPROCESSABLE,
        places=_places(shop.gateways.kinds, accounts),
        addresses={one.id: shop.gateways.wiring(one).notify_url for one in accounts},
        accounts={one.id: one for one in accounts},
        own={name: shown_by(gateway) for name, gateway in gateways.items()},
        told=_told(shop.gateways.kinds, accounts, gateways),
        changed={move.account_id: move for move in reversed(moves)},  # the latest come first
        moves=moves[:_SHOWN],
        news=news,
        trouble=trouble,
        askable=askable(shop, (one.payment for one in trouble.standstills)),
    )


def _told(
    kinds: Mapping[str, Kind],
    accounts: Sequence[PaymentAccount],
    gateways: Mapping[str, Connected | None],
) -> frozenset[str]:
    """The accounts at whose provider nobody has to enter an address."""
    return frozenset(
        one.id
        for one in accounts
        if one.provider in kinds and is_told(kinds[one.provider], gateways[one.id])
    )


def _places(kinds: Mapping[str, Kind], accounts: Sequence[PaymentAccount]) -> list[_Place]:
    return [
        _Place(
            kind,
            next((one for one in accounts if one.provider == name and one.enabled), None),
            [one for one in accounts if one.provider == name and not one.enabled],
        )
        for name, kind in kinds.items()
    ]
