"""What is in sight: the product being bought, else those on the cards shown last."""

import re
from collections.abc import Sequence

from data.catalogue import get_variant
from data.conversations import Offered, offered_to
from data.group_buys import Team, TeamState, open_teams_in, team_view, teams_with
from data.kernel.errors import NotFound
from dialogs.actions.turn import Turn
from dialogs.engine import from_json
from dialogs.understanding.lists import product_of

_BUYING, _SEAT = "checkout", "group_checkout"
_MOST_TEAMS = 6
_VARIANT = re.compile(r"\bvariant=(var_\w+)")


def is_buying(turn: Turn) -> bool:
    """Whether a checkout is under way in this conversation."""
    return _is_in(turn, _BUYING)


def is_ordering(turn: Turn) -> bool:
    """Whether something is being ordered here, alone or with a team."""
    return _is_in(turn, _BUYING, _SEAT)


def _is_in(turn: Turn, *flows: str) -> bool:
    snapshot = turn.conversation.snapshot
    frames = from_json(snapshot).stack if snapshot else ()
    return any(frame.flow in flows for frame in frames)


def products_seen(turn: Turn) -> list[str]:
    """Ids, in the order of their numbers; empty where nothing was shown."""
    if is_buying(turn) and turn.slots.get("product"):
        return [str(turn.slots["product"])]
    shown = offered_to(turn.session, chat_id=turn.chat.id, person_id=turn.person.id, now=turn.now)
    newest = next((option.batch for option in shown if _product_of(turn, option)), None)
    together = [option for option in reversed(shown) if option.batch == newest]
    return list(dict.fromkeys(filter(None, (_product_of(turn, one) for one in together))))


def products_together(turn: Turn) -> list[str]:
    """Ids of what is being bought together: by the open teams of this group, the oldest first;
    alone, by those that one is in."""
    if turn.in_group:
        teams = open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    else:
        teams = _own_teams(turn)
    views = (team_view(turn.session, team) for team in teams)
    return list(dict.fromkeys(view.product_id for view in views))[:_MOST_TEAMS]


def _own_teams(turn: Turn) -> list[Team]:
    return teams_with(
        turn.session,
        merchant_id=turn.merchant.id,
        person_id=turn.person.id,
        states=(TeamState.OPEN,),
        limit=_MOST_TEAMS,
    )


def talked_of(turn: Turn, seen: Sequence[str]) -> str | None:
    """The one of these that the last question was about."""
    product_id = turn.slots.get("product_talked_of")
    return product_id if product_id in seen else None


def talk_of(turn: Turn, product_id: str | None) -> None:
    """What is in sight was asked about; None: what is in sight is new."""
    turn.set("product_talked_of", product_id)


def _product_of(turn: Turn, option: Offered) -> str | None:
    product_id = product_of(option.payload)
    if product_id is not None:
        return product_id
    variant = _VARIANT.search(option.payload)
    return _of_variant(turn, variant[1]) if variant else None


def _of_variant(turn: Turn, variant_id: str) -> str | None:
    try:
        variant = get_variant(turn.session, merchant_id=turn.merchant.id, variant_id=variant_id)
    except NotFound:
        return None
    return variant.product_id
