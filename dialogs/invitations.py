"""Links that anybody may use who was shown one: to a team, to an offer, to a product.

A team's token is random and can be revoked; offers and products stand on the shelf for everybody,
so their links are their names. Which of a person's own links this is none of is asked before.
"""

from data.delivery.inbound import EventKind, InboundEvent
from data.delivery.outbox import Letter
from data.group_buys import Team, team_view
from data.group_buys.places import note_place
from data.group_buys.sharing import mark_of, note_sent, team_shared_by
from data.kernel.tokens import fingerprint
from data.pools import pool_shared_by
from dialogs.actions.campaigns import OFFER
from dialogs.engine.commands import Act, Command, SetSlot, StartFlow
from dialogs.play import Play
from dialogs.team_card import Wording, team_card, title_of

PRODUCT = "item-"
PAY = "pay"  # what a forwarded copy of somebody's invoice leads to: whatever one has to pay oneself


def accept(play: Play, event: InboundEvent) -> tuple[Command, ...] | None:
    """What an invitation asks for here; nothing where it is none. None: the card says it all.

    Whoever brings us into a group by a team's link wants it shown there; whoever presses below a
    shared card, or opens the link alone, wants to join.
    """
    token = event.start or ""
    if token.startswith(OFFER):
        campaign = token.removeprefix(OFFER)
        return StartFlow("group_buy_start"), SetSlot("campaign", campaign)
    if token.startswith(PRODUCT):
        return StartFlow("checkout"), SetSlot("product", token.removeprefix(PRODUCT))
    if token == PAY:
        return (StartFlow("pay_order"),)
    merchant_id = play.stage.merchant.id
    team = team_shared_by(play.session, merchant_id=merchant_id, token=token)
    if team is None:
        return _to_a_present(play, token)
    note_sent(play.session, merchant_id=merchant_id, team_id=team.id, mark=mark_of(token))
    link = fingerprint(token)  # who shared it stands behind that, and in no link
    if play.stage.chat.kind == "group":
        pressed = event.kind is EventKind.ACTION
        here, shared = play.stage.chat.id, link if pressed else None
        note_place(play.session, team=team, chat_id=here, share_hash=shared, now=play.cause.now)
        if not pressed:
            _show(play, team)
            return None
    return (Act("action_join_team", {"team": team.id, "invited": link}),)


def _to_a_present(play: Play, token: str) -> tuple[Command, ...]:
    """In the person's own chat; for the person it is for, and in a group, there is none."""
    if play.stage.chat.kind != "private":
        return ()
    merchant_id, person_id = play.stage.merchant.id, play.stage.person.id
    pool = pool_shared_by(play.session, merchant_id=merchant_id, token=token, person_id=person_id)
    return () if pool is None else (Act("action_show_pool", {"pool": pool.id}),)


def _show(play: Play, team: Team) -> None:
    view = team_view(play.session, team)
    domain = play.house.flows.live(play.session, merchant_id=play.stage.merchant.id).domain
    title = title_of(play.session, view, merchant_id=play.stage.merchant.id, locale=view.locale)
    card = team_card(Wording(domain, view.locale), view, title=title, now=play.cause.now)
    play.letters.append(Letter(play.stage.chat.id, card))
