"""What every turn needs and no turn changes: the flows, the actions, our public address."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.group_buys import Allows
from data.merchants import ChannelAccount, Merchant
from data.people import Chat, Person
from dialogs.actions.base import Registry
from dialogs.actions.packages import Packages
from dialogs.actions.turn import LongestHold, WaysToPay, no_hold, no_way, nowhere
from dialogs.library import FlowLibrary
from dialogs.understanding import Context, Understood, understand

Understanding = Callable[[str, Context], Understood]


@dataclass(frozen=True, slots=True)
class House:
    """Wired once, in bot/app.py. `public_url` is the only address our links are made of (T45).

    `actions` are ours and run in the turn, `packages` merchants' and called between turns.
    `writers`: actions that wrote something once; they are not tried in a look any more.
    `understand`: the chain, or what a story recorded of it.
    `model_receiver`: who gets what a language model is asked; empty: there is none to ask.
    `longest_hold`: for how long a shop's providers reserve money; `ways_to_pay`: which they are.
    `rewards_inviting`: the messengers whose rules allow a reward for that.
    """

    flows: FlowLibrary
    actions: Registry
    public_url: str
    packages: Packages = field(default_factory=Packages)
    writers: set[str] = field(default_factory=set)
    understand: Understanding = understand
    model_receiver: str = ""
    longest_hold: LongestHold = no_hold
    ways_to_pay: WaysToPay = no_way
    rewards_inviting: Allows = nowhere


@dataclass(frozen=True, slots=True)
class Stage:
    """Who talks where: the rows of one conversation, read inside the turn's transaction."""

    merchant: Merchant
    account: ChannelAccount
    chat: Chat
    person: Person
    conversation: Conversation
    live_sha: str | None = None  # looked up where it is not known yet


def stage_of(session: Session, conversation_id: str) -> Stage:
    """The rows of a conversation that exists."""
    conversation = session.get_one(Conversation, conversation_id)
    chat = session.get_one(Chat, conversation.chat_id)
    return Stage(
        session.get_one(Merchant, conversation.merchant_id),
        session.get_one(ChannelAccount, chat.account_id),
        chat,
        session.get_one(Person, conversation.person_id),
        conversation,
    )


@dataclass(frozen=True, slots=True)
class Cause:
    """Why and when there is a turn: a unique key for what it says, and the inbox row if any."""

    key: str
    now: datetime
    inbox_id: int | None = None
