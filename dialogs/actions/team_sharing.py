"""A team that belongs to no group: opened in a private chat, joined by a link that is passed on."""

from data.delivery.messages import Option
from data.group_buys import Campaign, Team, live_seat, open_team, own_team
from data.kernel.errors import GroupBuyClosed, Refused, TooOften
from dialogs.actions.base import ShopAction
from dialogs.actions.campaigns import meant_by, mode_for, title_of_offer
from dialogs.actions.team_inviting import link_of, tell_reward, terms_told
from dialogs.actions.team_seats import go_on, refuse
from dialogs.actions.turn import Turn


def share_option(turn: Turn, campaign: Campaign) -> Option:
    words = turn.words("utter_share_team_button", title=title_of_offer(turn, campaign))
    return Option(words, f"/Act(action_share_team, campaign={campaign.id})")


class ShareTeam(ShopAction):
    """Their own team that runs already is shared once more: two half teams help nobody."""

    called = "action_share_team"

    def act(self, turn: Turn) -> None:
        if turn.person.minor_since is not None:
            turn.go_on_privately("protect_minor")
            return
        campaign = meant_by(turn, str(turn.slots.get("campaign") or "")).sure
        if campaign is None or turn.in_group:
            raise GroupBuyClosed("campaign")
        try:
            team = _own(turn, campaign)
        except (TooOften, Refused) as refusal:
            refuse(turn, refusal)
            return
        _hand_over(turn, campaign, team)
        seat = live_seat(turn.session, team_id=team.id, person_id=turn.person.id)
        if seat is not None and seat.order_id is None:
            go_on(turn, seat)


def _own(turn: Turn, campaign: Campaign) -> Team:
    """The one they opened before, else a new one."""
    mine = own_team(turn.session, campaign_id=campaign.id, person_id=turn.person.id, now=turn.now)
    return mine or open_team(
        turn.session,
        campaign_id=campaign.id,
        chat_id=None,
        leader_id=turn.person.id,
        mode=mode_for(turn, campaign),
        now=turn.now,
    )


def _hand_over(turn: Turn, campaign: Campaign, team: Team) -> None:
    turn.say(
        "utter_team_shared",
        title=title_of_offer(turn, campaign),
        size=str(team.minimum),  # of texts that a shop published before there were terms
        price=team.price,
        terms=terms_told(turn, team),
        link=link_of(turn, team),
    )
    tell_reward(turn, team)


ACTIONS = (ShareTeam,)
