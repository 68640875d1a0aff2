"""How presents and orders that several pay for together are going, for who asks: in a group those
of that group, alone those that one organises or has a part in."""

from collections.abc import Sequence

from data.delivery.messages import Options
from data.pools import Pool, is_for, open_pools_in, pool_view, pools_with
from data.split_orders import SplitOrder, open_splits_in, own_splits, split_view
from dialogs import pool_card, split_card
from dialogs.actions.turn import Turn
from dialogs.team_card import Wording

_STANDING = "utter_team_standing"
_MOST_TOLD = 3


def tell_others(turn: Turn) -> bool:
    """Whether there are any. In a group each with the way in."""
    pools, splits = _pools(turn)[:_MOST_TOLD], _splits(turn)[:_MOST_TOLD]
    for pool in pools:
        _tell_pool(turn, pool)
    for split in splits:
        _tell_split(turn, split)
    return bool(pools or splits)


def _pools(turn: Turn) -> list[Pool]:
    """Whom a present is for hears of none."""
    me = turn.person.id
    if not turn.knows(pool_card.RESPONSE):
        return []
    if turn.in_group:
        pools = open_pools_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    else:
        pools = pools_with(turn.session, merchant_id=turn.merchant.id, person_id=me)
    return [pool for pool in pools if not is_for(turn.session, pool, me)]


def _splits(turn: Turn) -> Sequence[SplitOrder]:
    if not turn.knows(split_card.RESPONSE):
        return []
    if turn.in_group:
        return open_splits_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    mine = own_splits(turn.session, person_id=turn.person.id, chat_id=None, now=turn.now)
    return list({one.id: one for one in (*mine.organised, *mine.joined)}.values())


def _tell_pool(turn: Turn, pool: Pool) -> None:
    view = pool_view(turn.session, pool, now=turn.now)
    told = pool_card.told(Wording(turn.domain, turn.locale), view, now=turn.now)
    _tell(turn, told, "utter_pool_give_button", f"/Act(action_chip_in, pool={pool.id})")


def _tell_split(turn: Turn, split: SplitOrder) -> None:
    view = split_view(turn.session, split, now=turn.now)
    told = split_card.told(Wording(turn.domain, turn.locale), view, now=turn.now)
    _tell(turn, told, "utter_split_add_button", f"/Act(action_add_to_split, split={split.id})")


def _tell(turn: Turn, told: str, label: str, payload: str) -> None:
    options = [Options((turn.option(label, payload),))] if turn.in_group else []
    turn.say(_STANDING, *options, standing=told)
