"""The live card of a pool: one message in its chat, edited as people give.

Everybody may press it. It tells sums of all and nobody's own: with free amounts it names nobody
before the end, for whoever sees a name come as the sum grows can tell what they gave.
"""

from datetime import datetime

from data.catalogue import text_in
from data.delivery.messages import Option, Options, OutboundMessage, Purpose, Text
from data.pools import PoolState, PoolView
from dialogs.team_card import Wording

RESPONSE = "utter_pool_card"
_CAP, _KEPT = "utter_pool_card_cap", "utter_pool_card_kept"


def card_key(pool_id: str) -> str:
    """Messages with this key are one message, edited."""
    return f"pool:{pool_id}"


def pool_card(wording: Wording, view: PoolView, *, now: datetime) -> OutboundMessage:
    """The card as it is true now; a later one takes its place."""
    segments: tuple[Text | Options, ...] = (Text(told(wording, view, now=now)),)
    if view.is_open:
        label = wording.words("utter_pool_give_button")
        segments += (Options((Option(label, f"/Act(action_chip_in, pool={view.id})"),)),)
    return OutboundMessage(
        segments,
        purpose=Purpose.TRANSACTIONAL,
        coalesce_key=card_key(view.id),
        response=RESPONSE,
    )


def told(wording: Wording, view: PoolView, *, now: datetime) -> str:
    """How it stands, in words."""
    return "\n".join(_lines(wording, view, now))


def _lines(wording: Wording, view: PoolView, now: datetime) -> list[str]:
    title = text_in(view.title, wording.locale)
    lines = [wording.words("utter_pool_card", title=title, for_name=view.for_name)]
    if not view.is_open:
        return [*lines, wording.words(_ending(wording, view)), *_names(wording, view)]
    raised, people = view.raised, str(view.people)
    lines.append(
        wording.words("utter_pool_card_raised", raised=raised, target=view.target, people=people)
    )
    if view.promised.minor:
        lines.append(wording.words("utter_pool_card_promised", promised=view.promised))
    if view.share is not None:
        left = str(view.shares_left)
        lines.append(wording.words("utter_pool_card_share", share=view.share, left=left))
        lines += _names(wording, view)
    if view.cap is not None and wording.knows(_CAP):
        lines.append(wording.words(_CAP, cap=view.cap))
    return [*lines, wording.words("utter_pool_card_time", left=view.deadline - now)]


def _ending(wording: Wording, view: PoolView) -> str:
    """Older flows have no words for one that is kept with something missing."""
    if view.state == PoolState.FUNDED and view.raised < view.target and wording.knows(_KEPT):
        return _KEPT
    ending = "closing" if view.state == PoolState.OPEN else view.state
    return f"utter_pool_card_{ending}"


def _names(wording: Wording, view: PoolView) -> list[str]:
    return [wording.words("utter_pool_card_names", names=list(view.names))] if view.names else []
