"""In the group: an offer is picked and a team opens. Seats are taken in team_seats.py; address
and money follow in each person's own chat (seat_checkout.py)."""

from functools import partial

from data.catalogue import price_of, variants_of
from data.delivery.messages import Option, Options
from data.delivery.outbox import Letter
from data.group_buys import (
    Campaign,
    Team,
    has_line,
    live_seat,
    open_team,
    open_teams_in,
    open_to_join,
    team_view,
)
from data.kernel.errors import GroupBuyClosed, Refused, TooOften
from dialogs.actions.base import ShopAction
from dialogs.actions.campaigns import (
    MOST_OFFERED,
    OFFER,
    like_it,
    meant_by,
    mode_for,
    offer_line,
    offer_option,
    on_offer,
    product_of,
    title_of_offer,
)
from dialogs.actions.splitting import ordering_together
from dialogs.actions.team_seats import go_on, join_option, open_option, refuse
from dialogs.actions.team_sharing import share_option
from dialogs.actions.turn import Turn
from dialogs.private import GROUP_LINK
from dialogs.team_card import Wording, team_card, title_of, votes_on

_SOMEBODY = "utter_link_somebody"
_UNITS = "seats_wanted"  # how many pieces whoever begins wants


class FindOffers(ShopAction):
    """Is there anything to buy together at all?"""

    called = "action_find_offers"

    def act(self, turn: Turn) -> None:
        turn.set("offers_found", bool(on_offer(turn)))
        turn.set(_UNITS, None)  # of what was begun before
        if not turn.slots["offers_found"]:
            other = ordering_together(turn)
            turn.say("utter_no_offers", *((Options(other),) if other else ()))


class ValidateCampaign(ShopAction):
    """Words become an offer; where they may mean several, the question names those."""

    called = "validate_campaign"

    def act(self, turn: Turn) -> None:
        meant = meant_by(turn, str(turn.slots.get("campaign") or ""))
        turn.set("campaign", meant.sure.id if meant.sure else None)
        turn.set("campaigns_meant", [campaign.id for campaign in meant.maybe])
        if meant.units > 1:
            turn.set(_UNITS, meant.units)
        if meant.sure is None and meant.named and not meant.maybe:
            turn.say("utter_no_such_offer")


class AskCampaign(ShopAction):
    called = "action_ask_campaign"

    def act(self, turn: Turn) -> None:
        meant = turn.slots.get("campaigns_meant") or ()
        offers = on_offer(turn)
        named = [offer for offer in offers if offer.id in meant]
        options = tuple(offer_option(turn, offer) for offer in (named or offers)[:MOST_OFFERED])
        # Who named something to buy wants no lunch.
        other = () if named else ordering_together(turn)
        turn.say("utter_ask_campaign", Options((*options, *other)))


class OpenTeam(ShopAction):
    """The team opens at once and its leader's seat is held. A team that is open here already is
    pointed at first: two half teams help nobody."""

    called = "action_open_team"

    def act(self, turn: Turn) -> None:
        if turn.person.minor_since is not None:
            turn.go_on_privately("protect_minor")
            return
        campaign = meant_by(turn, str(turn.slots.get("campaign") or "")).sure
        if campaign is None or not turn.in_group:
            raise GroupBuyClosed("campaign")
        running = _running_team(turn, campaign)
        if running is not None and not turn.slots.get("another"):
            _point_at(turn, running)
            return
        try:
            team = open_team(
                turn.session,
                campaign_id=campaign.id,
                chat_id=turn.chat.id,
                leader_id=turn.person.id,
                quantity=_units(turn),
                mode=mode_for(turn, campaign),
                now=turn.now,
            )
        except (TooOften, Refused) as refusal:
            refuse(turn, refusal, partial(_opening, campaign))
            return
        turn.set("group_buy", team.id)
        turn.set(_UNITS, None)
        _announce(turn, campaign)
        _show(turn, team)
        mine = live_seat(turn.session, team_id=team.id, person_id=turn.person.id)
        if mine is not None:
            go_on(turn, mine)


def _units(turn: Turn) -> int:
    return int(turn.slots.get(_UNITS) or 1)


def _running_team(turn: Turn, campaign: Campaign) -> Team | None:
    """One of this offer that still has room."""
    teams = open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    fitting = (one for one in teams if one.campaign_id == campaign.id)
    return next((one for one in fitting if not has_line(one, turn.now)), None)


def _opening(campaign: Campaign, units: str) -> str:
    return f"/Act(action_open_team, campaign={campaign.id}, {_UNITS}={units})"


def _point_at(turn: Turn, team: Team) -> None:
    units = _units(turn)
    more = f", {_UNITS}={units}" if units > 1 else ""
    another = turn.option(
        "utter_team_another_button",
        f"/Act(action_open_team, campaign={team.campaign_id}, another=true{more})",
    )
    inside = live_seat(turn.session, team_id=team.id, person_id=turn.person.id)
    if inside is None:
        turn.say("utter_team_runs_already", Options((join_option(turn, team, units), another)))
    else:
        turn.say("utter_your_team_runs", Options((another,)), name=turn.person.name)
    _show(turn, team)


def _announce(turn: Turn, campaign: Campaign) -> None:
    """Who opened it may be named, if they have a name; the card names nobody."""
    product = product_of(turn, campaign)
    variants = variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product.id)
    alone = next(price_of(one) for one in variants if one.id == campaign.variant_id)
    somebody = turn.words(_SOMEBODY) if turn.knows(_SOMEBODY) else ""
    turn.say(
        "utter_team_opened",
        name=turn.person.name or somebody,
        title=title_of_offer(turn, campaign),
        size=str(campaign.team_size),
        price=campaign.team_price,
        alone=alone,
    )


def _show(turn: Turn, team: Team) -> None:
    """The card is everybody's: anybody may press it."""
    view = team_view(turn.session, team)
    title = title_of(turn.session, view, merchant_id=turn.merchant.id, locale=view.locale)
    votes = votes_on(turn.session, view, now=turn.now)
    wording = Wording(turn.domain, view.locale)
    card = team_card(wording, view, title=title, now=turn.now, votes=votes)
    turn.letters.append(Letter(turn.chat.id, card))


class ExplainGroupBuys(ShopAction):
    """In a private chat: teams that still need somebody, what else there is, where it is done, and
    that a link does without a group. What they named comes first."""

    called = "action_explain_group_buys"

    def act(self, turn: Turn) -> None:
        teams = open_to_join(
            turn.session,
            merchant_id=turn.merchant.id,
            person_id=turn.person.id,
            now=turn.now,
            limit=MOST_OFFERED,
        )
        meant = _meant(turn)
        if teams:
            teams.sort(key=lambda team: team.campaign_id not in {one.id for one in meant})
            options = tuple(open_option(turn, team) for team in teams)
            turn.say("utter_open_teams", Options(options))
        others = [offer for offer in on_offer(turn) if offer not in meant]
        offers = [*meant, *others][:MOST_OFFERED]
        if not offers:
            if not teams:
                turn.say("utter_no_offers")
            return
        lines = "\n".join(offer_line(turn, offer) for offer in offers)
        ways = tuple(_into_group(turn, offer) for offer in offers)
        links = tuple(share_option(turn, offer) for offer in offers)
        turn.say("utter_group_buys_live_in_groups", Options((*links, *ways)), offers=lines)


def _meant(turn: Turn) -> list[Campaign]:
    """Offers of what they named, or of its kind; that there is none is said."""
    words = str(turn.slots.get("campaign") or "")
    meant = like_it(turn, words) if words else []
    if words and not meant:
        turn.say("utter_no_such_offer")
    return meant


def _into_group(turn: Turn, offer: Campaign) -> Option:
    """Where a messenger can do that: one tap brings us into a group and opens the team there."""
    label = turn.words("utter_into_group_button", title=title_of_offer(turn, offer))
    return Option(label, url=f"{GROUP_LINK}{OFFER}{offer.id}")


ACTIONS = (FindOffers, ValidateCampaign, AskCampaign, OpenTeam, ExplainGroupBuys)
