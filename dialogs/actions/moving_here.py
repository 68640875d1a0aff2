"""Going on here with what was left half-finished in another private chat of the same person.

The flow leaves that chat with what was said and begins in this one, in one transaction: both logs
hold what each chat took in, so a replay of either gives where it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from data.conversations import Conversation, Mode
from data.people import Chat, ChatMember
from dialogs.actions.base import ShopAction
from dialogs.actions.linking import channel_of, channel_words
from dialogs.actions.turn import PrivateStart, Turn
from dialogs.engine import State, from_json
from dialogs.engine.commands import CancelFlow
from dialogs.engine.state import Frame

# Who somebody is, is agreed to where it was asked.
_STAYS = frozenset(
    {"link_me", "type_link", "link_asked", "link_told", "move_here", "unlink_me", "export_me",
     "forget_me"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Open:
    """What is half-finished elsewhere: the flow that talks there."""

    conversation: Conversation
    frame: Frame
    state: State


class MoveHere(ShopAction):
    called = "action_move_here"

    def act(self, turn: Turn) -> None:
        found = next(_open_elsewhere(turn), None)
        if found is None:
            turn.say("utter_nothing_to_move")
            return
        there = found.conversation.id
        turn.say("utter_moved_here", channel=channel_words(turn, channel_of(turn, there)))
        slots = {name: value for name, value in found.state.slots.items() if value is not None}
        onward = PrivateStart(turn.person.id, found.frame.flow, slots, found.frame.version)
        turn.private_starts.append(onward)
        told = {"link_told": "moved", "link_channel": turn.account.channel}
        turn.tell_elsewhere(there, CancelFlow(), flow="link_told", **told)


def _open_elsewhere(turn: Turn) -> Iterator[_Open]:
    """The chat they were in last comes first. Where a person of the shop listens, or an action is
    under way, nothing is taken away."""
    others = turn.session.scalars(
        select(Conversation)
        .join(Chat, Chat.id == Conversation.chat_id)
        .join(
            ChatMember,
            (ChatMember.chat_id == Chat.id) & (ChatMember.person_id == Conversation.person_id),
        )
        .where(
            Conversation.person_id == turn.person.id,
            Conversation.id != turn.conversation.id,
            Conversation.mode == Mode.BOT,
            Chat.kind == "private",
            ChatMember.left_at.is_(None),
        )
        .order_by(Conversation.last_at.desc(), Conversation.id)
    )
    for conversation in others:
        if not conversation.snapshot or "pending" in conversation.snapshot:
            continue
        state = from_json(conversation.snapshot)
        roots = [frame for frame in state.stack if frame.is_root]
        if roots and roots[-1].flow not in _STAYS:
            yield _Open(conversation, roots[-1], state)


ACTIONS = (MoveHere,)
