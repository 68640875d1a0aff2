"""A member's reaction in a group ▸ the neutral event. Telegram tells all that the member's reaction
is now and was before, only to administrators, and never of bots."""

from collections.abc import Sequence

from telegram import Chat as TelegramChat
from telegram import MessageReactionUpdated, ReactionType, ReactionTypeEmoji

from bot.channels.liking import is_for
from bot.channels.telegram_people import sender_of
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Reaction
from data.kernel.storable import storable

# Within a second what was told later has the higher number; numbers may begin anew after a week.
_WITHIN_A_SECOND = 1_000_000


def reacted(name: str, change: MessageReactionUpdated) -> InboundEvent | None:
    """None: it is no vote, takes none back, or is of nobody: a bot, a chat that hides who it was.
    A forum does not tell the topic."""
    who, chat = change.user, change.chat
    likes, liked = _likes(change.new_reaction), _likes(change.old_reaction)
    if who is None or who.is_bot or chat.type == TelegramChat.PRIVATE or not (likes or liked):
        return None
    told = int(change.date.timestamp()) * _WITHIN_A_SECOND + int(name) % _WITHIN_A_SECOND
    return InboundEvent(
        event_id=name,
        kind=EventKind.REACTION,
        chat=ChatRef(str(chat.id), "group", storable(chat.title or "")),
        sender=sender_of(who),
        addressed=False,
        reaction=Reaction(str(change.message_id), likes=likes, told=told),
    )


def _likes(reactions: Sequence[ReactionType]) -> bool:
    return any(isinstance(one, ReactionTypeEmoji) and is_for(one.emoji) for one in reactions)
