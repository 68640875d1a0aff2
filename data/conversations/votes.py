"""Reactions to the cards of a group are its votes: which card, whose, and how the vote stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from data.conversations.vote_models import ShownCard, Vote
from data.delivery.inbound import InboundEvent, Reaction
from data.kernel.database import changed
from data.kernel.facts import Fact, announce
from data.kernel.locales import Locale
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember, meet
from data.people.membership import chat_and_topics

# How long a card is voted on, and how long it is remembered that it was: as our own messages are.
VOTED_ON = timedelta(days=7)
_KEPT = timedelta(days=30)
_MEMBER = (ChatMember.chat_id == ShownCard.chat_id) & (ChatMember.person_id == Vote.person_id)
_VOTES = Prepared(
    select(func.count(Vote.person_id.distinct()))
    .join(ShownCard, ShownCard.id == Vote.card_id)
    .join(ChatMember, _MEMBER)
    .where(ShownCard.chat_id == bindparam("chat"), ShownCard.product_id == bindparam("product"))
    .where(ShownCard.shown_at > bindparam("since"), Vote.stands, ChatMember.left_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class VotesChanged(Fact):
    """Somebody in this group is for this product, or is no more."""

    chat_id: str
    product_id: str


@dataclass(frozen=True, slots=True)
class Tally:
    """So many members are for this product."""

    product_id: str
    votes: int


def note_cards(
    session: Session, *, chat: Chat, cards: Sequence[tuple[str, str]], now: datetime
) -> None:
    """A group was shown these: the messenger's name of each message, and its product."""
    _forget_old(session, chat.id, now)
    for external_id, product_id in cards:
        insert_once(
            session,
            ShownCard,
            merchant_id=chat.merchant_id,
            chat_id=chat.id,
            external_id=external_id,
            product_id=product_id,
            shown_at=now,
        )


def note_reaction(
    session: Session, *, account: ChannelAccount, event: InboundEvent, now: datetime
) -> None:
    """Told twice, or late, it changes nothing; of what is no card of ours nothing is kept."""
    reaction = event.reaction
    if reaction is None or event.chat.kind != "group":
        return
    here = chat_and_topics(session, account.id, event.chat.external_id)
    if not reaction.to:
        _take_back(session, here, reaction, now)
        return
    card = session.scalar(
        select(ShownCard)
        .join(Chat, Chat.id == ShownCard.chat_id)
        .where(here, ShownCard.external_id == reaction.to)
    )
    if card is not None:
        _vote(session, account, card, event, reaction, now)


def close_cards(session: Session, *, chat_id: str) -> None:
    """The group has another id, and other messages may bear these names there. What was voted
    stays voted."""
    session.execute(
        update(ShownCard)
        .where(ShownCard.chat_id == chat_id)
        .values(external_id=None)
        .execution_options(synchronize_session=False)
    )


def tally(session: Session, *, chat_id: str, now: datetime) -> list[Tally]:
    """How the vote stands among who is a member now, the most wanted first; a person counts once
    for a product, however often it was shown."""
    votes = func.count(Vote.person_id.distinct())
    counted = (
        select(ShownCard.product_id, votes)
        .join(Vote, Vote.card_id == ShownCard.id)
        .join(ChatMember, _MEMBER)
        .where(ShownCard.chat_id == chat_id, ShownCard.shown_at > now - VOTED_ON)
        .where(Vote.stands, ChatMember.left_at.is_(None))
        .group_by(ShownCard.product_id)
        .order_by(votes.desc(), func.min(ShownCard.id))
    )
    return [Tally(product_id, count) for product_id, count in session.execute(counted)]


def votes_for(session: Session, *, chat_id: str, product_id: str, now: datetime) -> int:
    """How many members are for it; asked by every card of a team."""
    since = now - VOTED_ON
    return int(_VOTES.scalar(session, chat=chat_id, product=product_id, since=since) or 0)


def _vote(  # a card, who reacts to it, and how
    session: Session,
    account: ChannelAccount,
    card: ShownCard,
    event: InboundEvent,
    reaction: Reaction,
    now: datetime,
) -> None:
    sender = event.sender
    person = meet(
        session,
        account=account,
        external_id=sender.external_id,
        name=sender.name,
        locale=Locale.closest(sender.locale) if sender.locale else None,
        now=now,
    )
    # Whoever reacts is there; who has left is a member again when the messenger says so.
    there = {"chat_id": card.chat_id, "person_id": person.id, "merchant_id": card.merchant_id}
    insert_once(session, ChatMember, **there, joined_at=now)
    key = {"card_id": card.id, "voter": sender.external_id, "mark": reaction.mark}
    says = {"stands": reaction.likes, "told": reaction.told, "voted_at": now}
    whose = {"merchant_id": card.merchant_id, "person_id": person.id}
    is_new = insert_once(session, Vote, **key, **whose, **says) is not None
    if is_new and not reaction.likes:
        return
    if is_new or _say_again(session, key, says, reaction):
        _tell(session, card, now)


def _say_again(
    session: Session, key: dict[str, Any], says: dict[str, Any], reaction: Reaction
) -> bool:
    """False: it was told late, and something newer stands."""
    again = update(Vote).filter_by(**key).where(Vote.told < reaction.told).values(**says)
    return bool(changed(session.execute(again.execution_options(synchronize_session=False))))


def _take_back(
    session: Session, here: ColumnElement[bool], reaction: Reaction, now: datetime
) -> None:
    """By whom it was given, or by who keeps order there: that is the messenger's affair."""
    cards = select(ShownCard.id).join(Chat, Chat.id == ShownCard.chat_id).where(here)
    theirs = (Vote.mark == reaction.mark, Vote.card_id.in_(cards), Vote.told < reaction.told)
    concerned = select(ShownCard).join(Vote, Vote.card_id == ShownCard.id)
    changing = session.scalars(concerned.where(*theirs, Vote.stands).distinct()).all()
    session.execute(
        update(Vote)
        .where(*theirs)
        .values(stands=False, told=reaction.told)
        .execution_options(synchronize_session=False)
    )
    for card in changing:
        _tell(session, card, now)


def _tell(session: Session, card: ShownCard, now: datetime) -> None:
    new = VotesChanged(card.merchant_id, chat_id=card.chat_id, product_id=card.product_id)
    announce(session, new, now=now)


def _forget_old(session: Session, chat_id: str, now: datetime) -> None:
    old = select(ShownCard.id).where(
        ShownCard.chat_id == chat_id, ShownCard.shown_at <= now - _KEPT
    )
    for rows in (
        delete(Vote).where(Vote.card_id.in_(old)),
        delete(ShownCard).where(ShownCard.id.in_(old)),
    ):
        session.execute(rows.execution_options(synchronize_session=False))
