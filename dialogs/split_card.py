"""The live card of an order that a group fills together: one message in its chat, edited as people
join and pay. Everybody may press it. It tells sums of all and nobody's own."""

from datetime import datetime

from data.delivery.messages import Option, Options, OutboundMessage, Purpose, Text
from data.split_orders import SplitState, SplitView
from dialogs.team_card import Wording

RESPONSE = "utter_split_card"
SAID = "utter_split_card_said"  # of one that the shop called off, and says why


def split_card(wording: Wording, view: SplitView, *, now: datetime) -> OutboundMessage:
    """The card as it is true now; a later one takes its place."""
    segments: tuple[Text | Options, ...] = (Text(told(wording, view, now=now)),)
    if view.is_open:
        label = wording.words("utter_split_add_button")
        segments += (Options((Option(label, f"/Act(action_add_to_split, split={view.id})"),)),)
    return OutboundMessage(
        segments,
        purpose=Purpose.TRANSACTIONAL,
        coalesce_key=f"split:{view.id}",
        response=RESPONSE,
    )


def told(wording: Wording, view: SplitView, *, now: datetime) -> str:
    """How it stands, in words."""
    return "\n".join(_lines(wording, view, now))


def _lines(wording: Wording, view: SplitView, now: datetime) -> list[str]:
    head = wording.words(RESPONSE)
    people, share = str(view.people), view.share
    if not view.is_open:
        ending = "closing" if view.state == SplitState.OPEN else view.state
        is_said = view.said is not None and wording.knows(SAID)
        response = SAID if is_said else f"utter_split_card_{ending}"
        values = {"people": people, "goods": view.goods, "share": share, "said": view.said}
        return [head, wording.words(response, **values), *_names(wording, view)]
    lines = [head, wording.words("utter_split_card_sum", people=people, goods=view.goods)]
    lines += [_minimum(wording, view), *_delivery(wording, view)]
    if view.paying:
        lines.append(wording.words("utter_split_card_paying", paying=str(view.paying)))
    left = wording.words("utter_split_card_time", left=view.deadline - now)
    return [*lines, *_names(wording, view), left]


def _minimum(wording: Wording, view: SplitView) -> str:
    if view.missing.minor:
        return wording.words("utter_split_card_missing", missing=view.missing, minimum=view.minimum)
    return wording.words("utter_split_card_enough", minimum=view.minimum)


def _delivery(wording: Wording, view: SplitView) -> list[str]:
    if not view.fee.minor:
        return [wording.words("utter_split_card_no_fee")]
    lines = [wording.words("utter_split_card_fee", fee=view.fee, share=view.share)]
    if view.free_from is not None:
        lines.append(wording.words("utter_split_card_free_from", free_from=view.free_from))
    return lines


def _names(wording: Wording, view: SplitView) -> list[str]:
    if not view.names:
        return []
    return [wording.words("utter_split_card_names", names=list(view.names))]
