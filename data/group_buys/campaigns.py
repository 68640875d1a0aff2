"""Campaigns: what a merchant offers to teams, when, where and at which price."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data.catalogue import Variant, price_of, release_hold
from data.group_buys.aside import keeps_aside, return_later, set_aside
from data.group_buys.invite_rewards import invite_budget_of
from data.group_buys.models import (
    RUNNING,
    Campaign,
    CampaignChat,
    CampaignState,
    PayMode,
    Team,
    Underpaid,
)
from data.group_buys.reward_models import InviteBudget, RewardBudget
from data.group_buys.rewarding import keep_budget
from data.group_buys.rewards import budget_of
from data.group_buys.terms import CampaignTerms, check_terms
from data.group_buys.tiers import campaign_tiers, keep_tiers
from data.group_buys.visibility import chats_of
from data.kernel.database import changed
from data.kernel.errors import Invalid, NotFound, WrongState
from data.kernel.ids import new_id
from data.people import Chat


def start_campaign(
    session: Session, *, merchant_id: str, variant_id: str, terms: CampaignTerms, now: datetime
) -> Campaign:
    """Offer a variant to teams; the team price must be below the price for one.

    OutOfStock where more is to be set aside than there is; nothing has happened then.
    """
    variant = session.get(Variant, variant_id)
    if variant is None or variant.merchant_id != merchant_id:
        raise NotFound("variant")
    check_terms(terms, price_of(variant))
    with session.begin_nested():
        campaign = Campaign(
            id=new_id("cmp"),
            merchant_id=merchant_id,
            variant_id=variant_id,
            currency=terms.team_price.currency,
            taken=0,
            state=CampaignState.ACTIVE,
            created_at=now,
        )
        _write(campaign, terms)
        _refuse_second(session, campaign)
        if campaign.set_aside:
            set_aside(session, campaign, units=terms.stock_limit or 0, until=terms.ends_at, now=now)
        session.add(campaign)
        session.flush()
        _write_around(session, campaign, terms)
    return campaign


def change_campaign(
    session: Session, *, merchant_id: str, campaign_id: str, terms: CampaignTerms, now: datetime
) -> Campaign:
    """Other terms for the same goods, while none of its teams is open or being paid for: whoever
    joined one knew what they joined. WrongState once it has ended, or while a team runs."""
    campaign = session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None or campaign.merchant_id != merchant_id:
        raise NotFound("campaign")
    check_terms(terms, price_of(session.get_one(Variant, campaign.variant_id)))
    if terms.team_price.currency != campaign.currency:
        raise Invalid("currency_mixed")
    if terms.stock_limit is not None and terms.stock_limit < campaign.taken:
        raise Invalid("stock_limit")
    with session.begin_nested():
        seen = campaign.taken
        _set_aside_anew(session, campaign, terms, now)
        _claim(session, campaign, taken=seen)
        _write(campaign, terms)
        _refuse_second(session, campaign)
        session.flush()
        _write_around(session, campaign, terms)
    return campaign


def _set_aside_anew(
    session: Session, campaign: Campaign, terms: CampaignTerms, now: datetime
) -> None:
    """What was aside goes back, what is to be from now on is taken: goods before the campaign."""
    if keeps_aside(campaign):
        release_hold(session, owner_ref=campaign.id, now=now)
    if terms.set_aside:
        units = (terms.stock_limit or 0) - campaign.taken
        set_aside(session, campaign, units=units, until=terms.ends_at, now=now)


def _claim(session: Session, campaign: Campaign, *, taken: int) -> None:
    """Ours until the commit, unless a team runs or somebody took a seat just now."""
    running = select(Team.id).where(Team.campaign_id == campaign.id, Team.state.in_(RUNNING))
    won = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.state != CampaignState.ENDED)
        .where(Campaign.taken == taken, ~running.exists())
        .values(taken=taken)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise WrongState("campaign")


def _write(campaign: Campaign, terms: CampaignTerms) -> None:
    campaign.title = dict(terms.title)
    campaign.team_size = terms.team_size
    campaign.team_price_minor = terms.team_price.minor
    campaign.modes = list(terms.modes)
    campaign.pay_window_seconds = int(terms.pay_window.total_seconds())
    campaign.underpaid = terms.underpaid
    campaign.window_seconds = int(terms.window.total_seconds())
    campaign.per_person_limit = terms.per_person_limit
    campaign.stock_limit = terms.stock_limit
    campaign.starts_at = terms.starts_at
    campaign.ends_at = terms.ends_at
    campaign.key = terms.key
    campaign.set_aside = terms.set_aside
    campaign.aside_returned_at = None
    campaign.new_customers_only = terms.new_customers_only
    campaign.named_chats_only = terms.chats is not None
    campaign.open_to_others = terms.open_to_others
    campaign.ship_to_one = terms.ship_to_one


def _refuse_second(session: Session, campaign: Campaign) -> None:
    """A key is one campaign's."""
    if campaign.key is None:
        return
    other = find_by_key(session, merchant_id=campaign.merchant_id, key=campaign.key)
    if other is not None and other.id != campaign.id:
        raise Invalid("key")


def _write_around(session: Session, campaign: Campaign, terms: CampaignTerms) -> None:
    keep_tiers(session, campaign, terms.tiers)
    _name_chats(session, campaign, terms.chats or ())
    _keep_budgets(session, campaign, terms)


def _keep_budgets(session: Session, campaign: Campaign, terms: CampaignTerms) -> None:
    each, budget = terms.reward, terms.reward_budget
    keep_budget(session, RewardBudget, campaign, each=each, budget=budget)
    each, budget = terms.invite_reward, terms.invite_reward_budget
    kept = keep_budget(session, InviteBudget, campaign, each=each, budget=budget)
    if kept is not None:
        channels = terms.invite_channels
        kept.channels = None if channels is None else sorted(channels)
        session.flush()


def _name_chats(session: Session, campaign: Campaign, chats: tuple[str, ...]) -> None:
    known = session.scalars(
        select(Chat.id).where(
            Chat.id.in_(chats), Chat.merchant_id == campaign.merchant_id, Chat.kind == "group"
        )
    ).all()
    if len(known) < len(set(chats)):
        raise Invalid("chats")
    session.execute(delete(CampaignChat).where(CampaignChat.campaign_id == campaign.id))
    for chat_id in sorted(known):
        row = CampaignChat(
            campaign_id=campaign.id, chat_id=chat_id, merchant_id=campaign.merchant_id
        )
        session.add(row)
    session.flush()


def find_by_key(session: Session, *, merchant_id: str, key: str) -> Campaign | None:
    """The campaign that the merchant's files call so."""
    with session.no_autoflush:
        return session.scalar(
            select(Campaign).where(Campaign.merchant_id == merchant_id, Campaign.key == key)
        )


def pause_campaign(session: Session, *, merchant_id: str, campaign_id: str) -> None:
    """No new teams for now; those already open run on."""
    _turn(session, merchant_id, campaign_id, CampaignState.ACTIVE, CampaignState.PAUSED)


def resume_campaign(session: Session, *, merchant_id: str, campaign_id: str) -> None:
    _turn(session, merchant_id, campaign_id, CampaignState.PAUSED, CampaignState.ACTIVE)


def end_campaign(session: Session, *, merchant_id: str, campaign_id: str, now: datetime) -> None:
    """No new teams ever; those already open run to their own deadline. What is set aside goes back
    after the last of them."""
    for state in (CampaignState.ACTIVE, CampaignState.PAUSED):
        if _moved(session, merchant_id, campaign_id, state, CampaignState.ENDED):
            campaign = session.get_one(Campaign, campaign_id)
            if keeps_aside(campaign):
                return_later(session, campaign, at=now, now=now)
            return
    raise WrongState("campaign")


def _turn(
    session: Session, merchant_id: str, campaign_id: str, was: CampaignState, to: CampaignState
) -> None:
    if not _moved(session, merchant_id, campaign_id, was, to):
        raise WrongState("campaign")


def _moved(
    session: Session, merchant_id: str, campaign_id: str, was: CampaignState, to: CampaignState
) -> bool:
    return bool(
        changed(
            session.execute(
                update(Campaign)
                .where(Campaign.id == campaign_id, Campaign.merchant_id == merchant_id)
                .where(Campaign.state == was)
                .values(state=to)
                .execution_options(synchronize_session="fetch")
            )
        )
    )


def terms_of(session: Session, campaign: Campaign) -> CampaignTerms:
    """What is set now, as it was said: to be shown, changed and said again."""
    budget = budget_of(session, campaign.id)
    rewards = budget if budget is not None and budget.enabled else None
    inviting = invite_budget_of(session, campaign.id)
    invites = inviting if inviting is not None and inviting.enabled else None
    return CampaignTerms(
        team_size=campaign.team_size,
        team_price=campaign.team_price,
        tiers=campaign_tiers(session, campaign)[1:],
        modes=tuple(PayMode(mode) for mode in campaign.modes),
        pay_window=timedelta(seconds=campaign.pay_window_seconds),
        underpaid=Underpaid(campaign.underpaid),
        window=timedelta(seconds=campaign.window_seconds),
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        per_person_limit=campaign.per_person_limit,
        stock_limit=campaign.stock_limit,
        title=dict(campaign.title),
        key=campaign.key,
        set_aside=campaign.set_aside,
        new_customers_only=campaign.new_customers_only,
        chats=tuple(chats_of(session, campaign)) if campaign.named_chats_only else None,
        open_to_others=campaign.open_to_others,
        ship_to_one=campaign.ship_to_one,
        reward=rewards.each if rewards else None,
        reward_budget=rewards.budget if rewards else None,
        invite_reward=invites.each if invites else None,
        invite_reward_budget=invites.budget if invites else None,
        invite_channels=tuple(invites.channels) if invites and invites.channels else None,
    )
