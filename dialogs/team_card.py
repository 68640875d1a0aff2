"""The live card of a team: one message in its chat, edited as people join, pay and leave.

Everybody may press its buttons; it counts people and names nobody (T16).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.catalogue import get_product, text_in
from data.conversations.votes import votes_for
from data.delivery.messages import GroupBuyCard, Option, OutboundMessage, Purpose
from data.group_buys import PayMode, TeamState, TeamView, Tier, reached
from data.kernel.locales import Locale
from dialogs.format import Domain
from dialogs.responses import fill

RESPONSE = "utter_team_card"
_JOIN, _LINE = "utter_team_join_button", "utter_team_line_button"
_INVITE, _VOTES = "utter_team_invite_button", "utter_team_card_votes"
_WAITING, _UNDERPAID = "utter_team_card_waiting", "utter_team_card_underpaid"
_JOINED, _COLLECTING = "utter_team_card_joined", "utter_team_card_collecting"
_BY_SHOP, _ENOUGH_JOINED = "utter_team_card_by_shop", "utter_team_card_joined_enough"


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one version of the flows, in one language."""

    domain: Domain
    locale: Locale

    def words(self, response: str, **values: Any) -> str:
        return fill(self.domain.responses[response].text[self.locale], values, self.locale)

    def knows(self, response: str) -> bool:
        """Older versions of a shop's flows may have no words for it."""
        return response in self.domain.responses


def card_key(team_id: str) -> str:
    """Messages with this key are one message, edited."""
    return f"team:{team_id}"


def title_of(session: Session, view: TeamView, *, merchant_id: str, locale: Locale) -> str:
    """What the campaign is called; where the merchant named nothing, the product's title."""
    if view.title:
        return text_in(view.title, locale)
    product = get_product(session, merchant_id=merchant_id, product_id=view.product_id)
    return text_in(product.title, locale)


def team_card(
    wording: Wording, view: TeamView, *, title: str, now: datetime, votes: int = 0
) -> OutboundMessage:
    """The card as it is true now; a later one takes its place. `votes`: of its group."""
    told = standing(wording, view, title=title, now=now, votes=votes)
    return OutboundMessage(
        (card_of(view, title=title, told=told, options=_buttons(wording, view)),),
        purpose=Purpose.TRANSACTIONAL,
        coalesce_key=card_key(view.id),
        response=RESPONSE,
    )


def card_of(view: TeamView, *, title: str, told: str, options: tuple[Option, ...]) -> GroupBuyCard:
    """`told`: how it stands, in words."""
    return GroupBuyCard(
        id=view.id,
        title=title,
        have=view.counted,
        need=view.need,
        price=view.price,
        deadline=view.deadline,
        state=view.state,
        text=told,
        options=options,
        product_id=view.product_id,
    )


def votes_on(session: Session, view: TeamView, *, now: datetime) -> int:
    """Members of its group who are for what the team buys, as long as one may join."""
    if view.chat_id is None or view.state != TeamState.OPEN:
        return 0
    return votes_for(session, chat_id=view.chat_id, product_id=view.product_id, now=now)


def standing(wording: Wording, view: TeamView, *, title: str, now: datetime, votes: int = 0) -> str:
    """The card in words, for who asks how it is going."""
    voted = [wording.words(_VOTES, votes=str(votes))] if votes and wording.knows(_VOTES) else []
    return "\n".join([*_lines(wording, view, title, now), *voted])


def _lines(wording: Wording, view: TeamView, title: str, now: datetime) -> list[str]:
    size = str(view.final_size or view.minimum)
    lines = [title, wording.words("utter_team_card", price=view.price, size=size)]
    if view.ship_to_one:
        lines.append(wording.words("utter_team_card_one_address"))
    lines += _by_shop(wording, view, size)
    if view.state == TeamState.PAYING:
        return [*lines, *_collecting(wording, view, now)]
    if view.state != TeamState.OPEN:
        return [*lines, wording.words(_ending(wording, view), size=str(view.have))]
    lines += [*terms_lines(wording, view.tiers, view.mode), _count(wording, view)]
    if view.paying and view.mode != PayMode.JOIN_FIRST:
        lines.append(wording.words("utter_team_card_paying", paying=str(view.paying)))
    lines += _waiting(wording, view)
    return [*lines, wording.words("utter_team_card_time", left=view.deadline - now)]


def _by_shop(wording: Wording, view: TeamView, size: str) -> list[str]:
    """It was completed before it was full, and by whom: nobody is to think that more had come."""
    completed = view.by_shop and view.state in (TeamState.PAYING, TeamState.SUCCESS)
    return [wording.words(_BY_SHOP, size=size)] if completed and wording.knows(_BY_SHOP) else []


def terms_lines(wording: Wording, tiers: Sequence[Tier], mode: PayMode) -> list[str]:
    """What an offer or a team says besides its first price."""
    return [*ladder_lines(wording, tiers), *mode_lines(wording, mode)]


def ladder_lines(wording: Wording, tiers: Sequence[Tier]) -> list[str]:
    """What more people would pay, a line each; none where there is one price."""
    if not wording.knows("utter_team_card_tier"):
        return []
    return [
        wording.words("utter_team_card_tier", size=str(tier.min_size), price=tier.price)
        for tier in tiers[1:]
    ]


def mode_lines(wording: Wording, mode: PayMode) -> list[str]:
    """When money is taken, where that is not at once."""
    response = f"utter_team_card_mode_{mode}"
    return [wording.words(response)] if wording.knows(response) else []


def _count(wording: Wording, view: TeamView) -> str:
    """How many are missing; where enough came already, what it comes to so far."""
    have = str(view.have)
    if view.mode == PayMode.JOIN_FIRST and wording.knows(_JOINED):
        return _joined(wording, view)
    if view.need:
        return wording.words("utter_team_card_count", have=have, need=str(view.need))
    now_at = reached(view.tiers, view.have).price
    if not wording.knows("utter_team_card_enough"):
        return wording.words("utter_team_card_count", have=have, need="0")
    return wording.words("utter_team_card_enough", have=have, price=now_at)


def _joined(wording: Wording, view: TeamView) -> str:
    joined = str(view.counted)
    if view.need or not wording.knows(_ENOUGH_JOINED):
        return wording.words(_JOINED, joined=joined, need=str(view.need))
    return wording.words(
        _ENOUGH_JOINED, joined=joined, price=reached(view.tiers, view.counted).price
    )


def _collecting(wording: Wording, view: TeamView, now: datetime) -> list[str]:
    """Everybody is asked to pay: how many have, and until when."""
    values = {"have": str(view.have), "size": str(view.have + view.paying)}
    told = wording.words(_COLLECTING, **values) if wording.knows(_COLLECTING) else ""
    return [
        *([told] if told else []),
        *_waiting(wording, view),
        wording.words("utter_team_card_time", left=view.deadline - now),
    ]


def _waiting(wording: Wording, view: TeamView) -> list[str]:
    """How many wait for a place that may come free."""
    if not view.waiting or not wording.knows(_WAITING):
        return []
    return [wording.words(_WAITING, waiting=str(view.waiting))]


def _ending(wording: Wording, view: TeamView) -> str:
    """A team that everybody left was not called off by anybody, and one that was complete did not
    fail for want of people. Who went back on it after its success is counted no more."""
    if view.state != TeamState.FAILED and not view.have + view.paying:
        return "utter_team_card_empty"
    if view.fell_short and wording.knows(_UNDERPAID):
        return _UNDERPAID
    return f"utter_team_card_{view.state}"


def _buttons(wording: Wording, view: TeamView) -> tuple[Option, ...]:
    """Join while it runs, or get in line where it is full, and invite others where a link may show
    it; once no place is given away any more, anybody may open another."""
    line = view.takes_waiters and wording.knows(_LINE)
    response, action = (_LINE, "wait_for_place") if line else (_JOIN, "join_team")
    way_in = Option(wording.words(response), f"/Act(action_{action}, team={view.id})")
    if view.state != TeamState.OPEN:
        anew = f"/StartFlow(group_buy_start, campaign={view.campaign_id})"
        other = Option(wording.words("utter_team_anew_button"), anew)
        return (way_in, other) if line else (other,)
    if not view.shareable or not wording.knows(_INVITE):
        return (way_in,)
    return (way_in, Option(wording.words(_INVITE), f"/Act(action_invite, team={view.id})"))
