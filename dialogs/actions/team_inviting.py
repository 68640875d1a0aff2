"""A member's own invitation: a link that is theirs, given to them alone. What they learn of whom it
brought is how many."""

from data.delivery.messages import Option, Options
from data.group_buys import (
    NOT_INSIDE,
    Inviting,
    Team,
    TeamState,
    invite,
    live_seat,
    open_teams_in,
    own_invitations,
    rewarding_budget,
    team_of,
    team_view,
)
from data.group_buys.places import teams_joined_by
from data.kernel.errors import Refused
from dialogs.actions.base import ShopAction
from dialogs.actions.campaigns import MOST_OFFERED
from dialogs.actions.turn import Turn
from dialogs.team_card import Wording, terms_lines, title_of

_FLOW = "team_invite"
_GIVEN, _REWARD = "utter_invitation", "utter_invite_reward"
_WHY_NOT = {
    NOT_INSIDE: "utter_invite_not_inside",
    "named_chats_only": "utter_invite_named_chats_only",
}


class Invite(ShopAction):
    """By the button of a card (then `team` is known) or by words. A link is nobody else's: from a
    group it goes on in their own chat."""

    called = "action_invite"

    def act(self, turn: Turn) -> None:
        if not turn.knows(_GIVEN):
            return  # flows that a shop published before have no words for it
        if turn.person.minor_since is not None:
            turn.go_on_privately("protect_minor")
            return
        team_id = turn.slots.get("team") or _only_one_here(turn)
        if turn.in_group:
            turn.go_on_privately(_FLOW, invite_team=team_id)
            return
        _invite(turn, str(team_id or ""))


class GiveInvitation(ShopAction):
    """The same, asked for in a group."""

    called = "action_give_invitation"

    def act(self, turn: Turn) -> None:
        _invite(turn, str(turn.slots.get("invite_team") or ""))
        turn.set("invite_team", None)


def _only_one_here(turn: Turn) -> str | None:
    """The team of this group that they are in, if it is one."""
    if not turn.in_group:
        return None
    here = open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    mine = [
        team.id
        for team in here
        if live_seat(turn.session, team_id=team.id, person_id=turn.person.id) is not None
    ]
    return mine[0] if len(mine) == 1 else None


def _invite(turn: Turn, team_id: str) -> None:
    if team_id:
        hand_over(turn, team_of(turn.session, merchant_id=turn.merchant.id, team_id=team_id))
        return
    mine = teams_joined_by(
        turn.session,
        merchant_id=turn.merchant.id,
        person_id=turn.person.id,
        now=turn.now,
        limit=MOST_OFFERED,
    )
    if len(mine) == 1:
        hand_over(turn, mine[0])
    elif mine:
        turn.say("utter_invite_to_which", Options(tuple(_named(turn, team) for team in mine)))
    else:
        turn.say("utter_invite_no_team")


def _named(turn: Turn, team: Team) -> Option:
    return Option(_title(turn, team), f"/Act(action_invite, team={team.id})")


def _title(turn: Turn, team: Team) -> str:
    view = team_view(turn.session, team)
    return title_of(turn.session, view, merchant_id=turn.merchant.id, locale=turn.locale)


def hand_over(turn: Turn, team: Team) -> None:
    """Their link, how many came by it so far, and what that brings where it may be rewarded."""
    if team.state != TeamState.OPEN or team.expires_at <= turn.now:
        turn.say("utter_invite_too_late")
        return
    try:
        link = link_of(turn, team)
    except Refused as refusal:
        if refusal.detail not in _WHY_NOT:
            raise
        turn.say(_WHY_NOT[refusal.detail])
        return
    turn.say(_GIVEN, title=_title(turn, team), terms=terms_told(turn, team), link=link)
    own = own_invitations(turn.session, team_id=team.id, person_id=turn.person.id)
    if own.joined:
        turn.say("utter_invitation_counts", joined=str(own.joined), paid=str(own.paid))
    tell_reward(turn, team)


def terms_told(turn: Turn, team: Team) -> str:
    """Price, ladder and way to pay, a line each, for who passes the link on."""
    view, wording = team_view(turn.session, team), Wording(turn.domain, turn.locale)
    price = wording.words("utter_team_card", price=view.price, size=str(view.minimum))
    return "\n".join([price, *terms_lines(wording, view.tiers, view.mode)])


def link_of(turn: Turn, team: Team) -> str:
    """The address of their own invitation."""
    by = Inviting(turn.person.id, turn.account.channel)
    shop = turn.merchant.id
    token = invite(turn.session, merchant_id=shop, team_id=team.id, by=by, now=turn.now)
    return f"{turn.public_url}/g/{token}"


def tell_reward(turn: Turn, team: Team) -> None:
    """Only where this messenger allows one, and while there is something left to give."""
    if not turn.knows(_REWARD):
        return
    budget = rewarding_budget(
        turn.session,
        team.campaign_id,
        channel=turn.account.channel,
        allows=turn.rewards_inviting,
    )
    if budget is not None and budget.spent_minor + budget.each_minor <= budget.budget_minor:
        turn.say(_REWARD, amount=budget.each)


ACTIONS = (Invite, GiveInvitation)
