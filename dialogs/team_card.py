"""The live card of a team: one message in its chat, edited as people join, pay and leave.

Everybody may press its buttons; it counts people and names nobody (T16).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.catalogue import get_product, text_in
from data.delivery.messages import GroupBuyCard, Option, OutboundMessage, Purpose
from data.group_buys import TeamState, TeamView
from data.kernel.locales import Locale
from dialogs.format import Domain
from dialogs.responses import fill

RESPONSE = "utter_team_card"


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one version of the flows, in one language."""

    domain: Domain
    locale: Locale

    def words(self, response: str, **values: Any) -> str:
        return fill(self.domain.responses[response].text[self.locale], values, self.locale)


def card_key(team_id: str) -> str:
    """Messages with this key are one message, edited."""
    return f"team:{team_id}"


def title_of(session: Session, view: TeamView, *, merchant_id: str, locale: Locale) -> str:
    """What the campaign is called; where the merchant named nothing, the product's title."""
    if view.title:
        return text_in(view.title, locale)
    product = get_product(session, merchant_id=merchant_id, product_id=view.product_id)
    return text_in(product.title, locale)


def team_card(wording: Wording, view: TeamView, *, title: str, now: datetime) -> OutboundMessage:
    """The card as it is true now; a later one takes its place."""
    told = standing(wording, view, title=title, now=now)
    return OutboundMessage(
        (card_of(view, title=title, told=told, option=_button(wording, view)),),
        purpose=Purpose.TRANSACTIONAL,
        coalesce_key=card_key(view.id),
        response=RESPONSE,
    )


def card_of(view: TeamView, *, title: str, told: str, option: Option) -> GroupBuyCard:
    """`told`: how it stands, in words."""
    return GroupBuyCard(
        id=view.id,
        title=title,
        have=view.have,
        need=view.need,
        price=view.price,
        deadline=view.deadline,
        state=view.state,
        text=told,
        options=(option,),
    )


def standing(wording: Wording, view: TeamView, *, title: str, now: datetime) -> str:
    """The card in words, for who asks how it is going."""
    return "\n".join(_lines(wording, view, title, now))


def _lines(wording: Wording, view: TeamView, title: str, now: datetime) -> list[str]:
    lines = [title, wording.words("utter_team_card", price=view.price, size=str(view.target))]
    if view.ship_to_one:
        lines.append(wording.words("utter_team_card_one_address"))
    if view.state != TeamState.OPEN:
        return [*lines, wording.words(_ending(view), size=str(view.target))]
    have, need, paying = str(view.have), str(view.need), str(view.paying)
    lines.append(wording.words("utter_team_card_count", have=have, need=need))
    if view.paying:
        lines.append(wording.words("utter_team_card_paying", paying=paying))
    return [*lines, wording.words("utter_team_card_time", left=view.deadline - now)]


def _ending(view: TeamView) -> str:
    """A team that everybody left was not called off by anybody."""
    if view.state == TeamState.CANCELLED and not view.have + view.paying:
        return "utter_team_card_empty"
    return f"utter_team_card_{view.state}"


def _button(wording: Wording, view: TeamView) -> Option:
    """Join while it runs; afterwards anybody may open another."""
    if view.state == TeamState.OPEN:
        join = f"/Act(action_join_team, team={view.id})"
        return Option(wording.words("utter_team_join_button"), join)
    anew = f"/StartFlow(group_buy_start, campaign={view.campaign_id})"
    return Option(wording.words("utter_team_anew_button"), anew)
