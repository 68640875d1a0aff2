"""Into how many equal shares a present is divided: asked, or found from what each is to give."""

from data.delivery.messages import Options
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.pools import most_shares
from data.pools.terms import FEWEST_SHARES
from dialogs.actions.base import ShopAction
from dialogs.actions.pool_limits import said_shares, target_of
from dialogs.actions.turn import Turn

_OFFERED = (3, 4, 5, 6)
_FREE = 0
_UNEVEN = "utter_pool_share_uneven"


class PoolShare(ShopAction):
    """ "20 each" says how many shares there are, where the sum divides so; else it is told, and
    asked."""

    called = "action_pool_share"

    def act(self, turn: Turn) -> None:
        if turn.slots.get("pool_share") is None:
            return
        share, target = _said_share(turn), target_of(turn)
        count = _even_count(target, share) if share else None
        turn.set("pool_shares", count)
        if share and count is None:
            turn.say(_UNEVEN, target=target, share=share)


class AskPoolShares(ShopAction):
    """The usual counts, or those on both sides of what everybody is to give."""

    called = "action_ask_pool_shares"

    def act(self, turn: Turn) -> None:
        target, share = target_of(turn), _said_share(turn)
        around = _around(target, share) if share else ()
        options = [
            turn.option(
                "utter_pool_shares_button",
                f"/SetSlots(pool_shares={count})",
                count=str(count),
                share=target.split([1] * count)[0],
            )
            for count in around or _OFFERED
            if count <= most_shares(target)
        ]
        free = turn.option("utter_pool_free_button", f"/SetSlots(pool_shares={_FREE})")
        turn.say("utter_ask_pool_shares", Options((*options, free)), target=target)


class ValidatePoolShares(ShopAction):
    called = "validate_pool_shares"

    def act(self, turn: Turn) -> None:
        count = said_shares(turn)
        most = most_shares(target_of(turn))
        if count != _FREE and not FEWEST_SHARES <= count <= most:
            turn.set("pool_shares", None)
            turn.say("utter_pool_shares_unclear", most=str(most))


def _said_share(turn: Turn) -> Money | None:
    """What cannot be an amount of this currency (¥20.005) is none."""
    try:
        return Money.of(str(turn.slots.get("pool_share")), turn.merchant.currency)
    except Invalid:
        return None


def _around(target: Money, share: Money) -> tuple[int, ...]:
    fewer = target.minor // share.minor
    most = most_shares(target)
    return tuple(count for count in (fewer, fewer + 1) if FEWEST_SHARES <= count <= most)


def _even_count(target: Money, share: Money) -> int | None:
    """None: nobody would pay just that. Of equal shares some are a cent more than the others."""
    counts = (count for count in _around(target, share) if share in target.split([1] * count))
    return next(counts, None)


ACTIONS = (PoolShare, AskPoolShares, ValidatePoolShares)
