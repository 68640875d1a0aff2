"""Reactions to the cards of a group are its votes: which card, whose, and how the vote stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from data.conversations.vote_models import ShownCard, Vote
from data.delivery.inbound import InboundEvent, Reaction
from data.kernel.locales import Locale
from data.kernel.once import insert_once
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember, meet
from data.people.membership import chat_and_topics

# How long a card is voted on, and how long it is remembered that it was: as our own messages are.
VOTED_ON = timedelta(days=7)
_KEPT = timedelta(days=30)


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
        _take_back(session, here, reaction)
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
    member = (ChatMember.chat_id == ShownCard.chat_id) & (ChatMember.person_id == Vote.person_id)
    counted = (
        select(ShownCard.product_id, votes)
        .join(Vote, Vote.card_id == ShownCard.id)
        .join(ChatMember, member)
        .where(ShownCard.chat_id == chat_id, ShownCard.shown_at > now - VOTED_ON)
        .where(Vote.stands, ChatMember.left_at.is_(None))
        .group_by(ShownCard.product_id)
        .order_by(votes.desc(), func.min(ShownCard.id))
    )
    return [Tally(product_id, count) for product_id, count in session.execute(counted)]


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
    if insert_once(session, Vote, **key, **whose, **says) is None:
        session.execute(
            update(Vote)
            .filter_by(**key)
            .where(Vote.told < reaction.told)
            .values(**says)
            .execution_options(synchronize_session=False)
        )


def _take_back(session: Session, here: ColumnElement[bool], reaction: Reaction) -> None:
    """By whom it was given, or by who keeps order there: that is the messenger's affair."""
    cards = select(ShownCard.id).join(Chat, Chat.id == ShownCard.chat_id).where(here)
    session.execute(
        update(Vote)
        .where(Vote.mark == reaction.mark, Vote.card_id.in_(cards), Vote.told < reaction.told)
        .values(stands=False, told=reaction.told)
        .execution_options(synchronize_session=False)
    )


def _forget_old(session: Session, chat_id: str, now: datetime) -> None:
    old = select(ShownCard.id).where(
        ShownCard.chat_id == chat_id, ShownCard.shown_at <= now - _KEPT
    )
    for rows in (
        delete(Vote).where(Vote.card_id.in_(old)),
        delete(ShownCard).where(ShownCard.id.in_(old)),
    ):
        session.execute(rows.execution_options(synchronize_session=False))
