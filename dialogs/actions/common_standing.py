"""How presents and orders that a group pays for together are going, for who asks how it stands."""

from data.delivery.messages import Options
from data.pools import Pool, open_pools_in, pool_view, pools_by
from data.split_orders import SplitOrder, open_splits_in, split_view, splits_by
from dialogs import pool_card, split_card
from dialogs.actions.turn import Turn
from dialogs.team_card import Wording


def tell_others(turn: Turn) -> bool:
    """Whether there are any. In a group those whose card lives there, with the way in; alone those
    one organises: a present that is a secret is told of nowhere else."""
    pools = _pools(turn)
    splits = _splits(turn)
    for pool in pools:
        _tell_pool(turn, pool)
    for split in splits:
        _tell_split(turn, split)
    return bool(pools or splits)


def _pools(turn: Turn) -> list[Pool]:
    if turn.in_group:
        return open_pools_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    return pools_by(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)


def _splits(turn: Turn) -> list[SplitOrder]:
    if turn.in_group:
        return open_splits_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    return splits_by(turn.session, person_id=turn.person.id)


def _tell_pool(turn: Turn, pool: Pool) -> None:
    told = pool_card.told(
        Wording(turn.domain, turn.locale), pool_view(turn.session, pool, now=turn.now), now=turn.now
    )
    give = turn.option("utter_pool_give_button", f"/Act(action_chip_in, pool={pool.id})")
    turn.say("utter_team_standing", *([Options((give,))] if turn.in_group else []), standing=told)


def _tell_split(turn: Turn, split: SplitOrder) -> None:
    view = split_view(turn.session, split, now=turn.now)
    told = split_card.told(Wording(turn.domain, turn.locale), view, now=turn.now)
    add = turn.option("utter_split_add_button", f"/Act(action_add_to_split, split={split.id})")
    turn.say("utter_team_standing", *([Options((add,))] if turn.in_group else []), standing=told)
