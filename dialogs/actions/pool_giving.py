"""Giving to a present that several pay for: by a press or by words, paid in private, left before
paying, called off by its organiser. Who it is for finds none of it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from data.catalogue import text_in
from data.delivery.messages import Option, Options
from data.kernel.errors import Invalid, NotFound, Refused, ShopError, TooOften
from data.kernel.money import Money
from data.orders import find_order
from data.pools import (
    Pool,
    ShareRule,
    cancel_pool,
    chip_in,
    is_for,
    leave_pool,
    open_pools_in,
    pool_of,
    pool_shared_by,
    pool_view,
    revoke_pool_shares,
    share_pool,
    unpaid_of,
)
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link
from dialogs.actions.turn import Turn
from dialogs.pool_card import told
from dialogs.team_card import Wording
from dialogs.understanding.pool_words import read_amount

_REST, _FIT = "pool_rest", "utter_pool_fit"
_ASK_CAPPED = "utter_ask_pool_amount_capped"
# Why somebody may not give (data/pools/terms.py), each in words of its own.
_WHY: Mapping[str, str] = {
    "pool_closed": "utter_pool_closed",
    "pool_full": "utter_pool_full",
    "pool_least": "utter_pool_least",
    "pool_most": "utter_pool_most",
    "pool_cap": "utter_pool_cap",
    "pool_holds": "utter_pool_holds",
    "seat_paused": "utter_unpaid_paused",
}


class ShowPool(ShopAction):
    """Behind a link, in the person's own chat; never in a group, whoever brings it there. A guess,
    and a link to a present for themselves, is answered like anything that was not understood."""

    called = "action_show_pool"

    def act(self, turn: Turn) -> None:
        pool = _shown(turn)
        if pool is None or turn.in_group:
            turn.say("utter_cannot_handle")
            return
        view = pool_view(turn.session, pool, now=turn.now)
        give = Option(turn.words("utter_pool_give_button"), f"/Act(action_chip_in, pool={pool.id})")
        words = told(Wording(turn.domain, turn.locale), view, now=turn.now)
        turn.say("utter_pool_standing", *((Options((give,)),) if view.is_open else ()), said=words)


def _shown(turn: Turn) -> Pool | None:
    """By its id, behind a start link that was looked at before; by the token of a pasted one."""
    token = turn.slots.get("shared")
    if token is None:
        return _meant(turn)
    return pool_shared_by(
        turn.session,
        merchant_id=turn.merchant.id,
        token=str(token),
        person_id=turn.person.id,
    )


class ChipIn(ShopAction):
    """By a button (then `pool` is known) or in words: then the newest that is open here."""

    called = "action_chip_in"

    def act(self, turn: Turn) -> None:
        if turn.person.minor_since is not None:
            turn.go_on_privately("protect_minor")
            return
        pool = _meant(turn)
        amount = _amount(turn, pool)
        if amount is None and pool.share_rule == ShareRule.FREE:
            turn.go_on_privately("pool_give", pool=pool.id, pool_amount=None)
            return
        try:
            given = chip_in(
                turn.session,
                pool_id=pool.id,
                person_id=turn.person.id,
                amount=amount if pool.share_rule == ShareRule.FREE else None,
                now=turn.now,
            )
        except (Refused, TooOften) as refusal:
            _refuse(turn, pool, refusal)
            return
        order = find_order(turn.session, merchant_id=turn.merchant.id, order_id=given.order_id)
        turn.set("order", order.id)
        turn.set("pool_amount", None)
        give_payment_link(
            turn,
            order_id=order.id,
            number=order.number,
            until=order.expires_at - turn.now,
            response="utter_pool_pay_link",
        )


def _meant(turn: Turn) -> Pool:
    """NotFound also for the person it is for: as if there were none."""
    pool_id = turn.slots.get("pool")
    if pool_id is not None:
        pool = pool_of(turn.session, merchant_id=turn.merchant.id, pool_id=str(pool_id))
    else:
        pools = open_pools_in(turn.session, chat_id=turn.chat.id, now=turn.now)
        if not pools:
            raise NotFound("pool")
        pool = pools[-1]
    if is_for(turn.session, pool, turn.person.id):
        raise NotFound("pool")
    return pool


def _amount(turn: Turn, pool: Pool) -> Money | None:
    said = turn.slots.get("amount") or turn.slots.get("pool_amount")
    try:
        return Money.of(Decimal(str(said)), pool.currency) if said else None
    except (Invalid, InvalidOperation):
        return None


def _refuse(turn: Turn, pool: Pool, refusal: ShopError) -> None:
    response = _WHY.get(refusal.detail)
    if refusal.detail == _REST:
        _offer_what_fits(turn, pool, refusal.values)
    elif response is not None and turn.knows(response):
        turn.say(response, name=turn.person.name, **refusal.values)
    else:
        raise refusal
    turn.set("pool_amount", None)


def _offer_what_fits(turn: Turn, pool: Pool, values: Mapping[str, Any]) -> None:
    """Flows that were published before have no words for it, and say how much is missing."""
    if not turn.knows(_FIT):
        turn.say("utter_pool_most", most=pool.free)
        return
    options = tuple(
        turn.option(
            "utter_pool_fit_all_button" if one == pool.free else "utter_pool_fit_less_button",
            f'/Act(action_chip_in, pool={pool.id}, amount="{one.amount}")',
            amount=one,
        )
        for one in values["fits"]
    )
    more = (Options(options),) if options else ()
    turn.say(_FIT, *more, left=values["left"], smallest=values["smallest"])


class ValidatePoolAmount(ShopAction):
    called = "validate_pool_amount"

    def act(self, turn: Turn) -> None:
        amount = read_amount(str(turn.slots.get("pool_amount") or ""))
        turn.set("pool_amount", amount)
        if amount is None:
            turn.say("utter_pool_amount_unclear")


class AskPoolAmount(ShopAction):
    called = "action_ask_pool_amount"

    def act(self, turn: Turn) -> None:
        view = pool_view(turn.session, _meant(turn), now=turn.now)
        title = text_in(view.title, turn.locale)
        is_capped = view.cap is not None and turn.knows(_ASK_CAPPED)
        asked = _ASK_CAPPED if is_capped else "utter_ask_pool_amount"
        turn.say(asked, title=title, missing=view.missing, cap=view.cap)


class LeavePool(ShopAction):
    """Before paying; the note that it worked comes in private."""

    called = "action_leave_pool"

    def act(self, turn: Turn) -> None:
        pool = _meant(turn)
        if unpaid_of(turn.session, pool_id=pool.id, person_id=turn.person.id) is None:
            turn.say("utter_pool_nothing_unpaid")
            return
        leave_pool(turn.session, pool_id=pool.id, person_id=turn.person.id, now=turn.now)


class CancelPool(ShopAction):
    """Its organiser alone, and only after a yes."""

    called = "action_cancel_pool"

    def act(self, turn: Turn) -> None:
        cancel_pool(
            turn.session,
            merchant_id=turn.merchant.id,
            pool_id=str(turn.slots.get("pool") or ""),
            organiser_id=turn.person.id,
            now=turn.now,
        )


class ClosePoolLinks(ShopAction):
    """Its organiser alone: no link that was given out opens it any more, and a fresh one does."""

    called = "action_close_pool_links"

    def act(self, turn: Turn) -> None:
        pool_id = str(turn.slots.get("pool") or "")
        revoke_pool_shares(
            turn.session,
            merchant_id=turn.merchant.id,
            pool_id=pool_id,
            organiser_id=turn.person.id,
            now=turn.now,
        )
        token = share_pool(
            turn.session, merchant_id=turn.merchant.id, pool_id=pool_id, now=turn.now
        )
        turn.say("utter_pool_links_closed", link=f"{turn.public_url}/c/{token}")


ACTIONS = (
    ShowPool,
    ChipIn,
    ValidatePoolAmount,
    AskPoolAmount,
    LeavePool,
    CancelPool,
    ClosePoolLinks,
)
