"""Conversations: one per (chat, person); a snapshot for speed, events for replay and analytics."""

from data.conversations.links import LinkedFlow, make_link, redeem_link
from data.conversations.models import (
    Conversation,
    ConversationEvent,
    ConversationWait,
    DeepLink,
    Mode,
    OfferedOption,
    ToldEvent,
)
from data.conversations.service import (
    Offer,
    Offered,
    StaleConversation,
    events_of,
    find,
    look_after,
    offered_to,
    pressed,
    record_events,
    remember_offer,
    resume,
    save,
    set_mode,
)
from data.conversations.told import Awaited, News, forget_told
from data.conversations.waits import JOBS, WAKE, NewWait, begin_wait, end_wait, tell

__all__ = [
    "JOBS",
    "WAKE",
    "Awaited",
    "Conversation",
    "ConversationEvent",
    "ConversationWait",
    "DeepLink",
    "LinkedFlow",
    "Mode",
    "NewWait",
    "News",
    "Offer",
    "Offered",
    "OfferedOption",
    "StaleConversation",
    "ToldEvent",
    "begin_wait",
    "end_wait",
    "events_of",
    "find",
    "forget_told",
    "look_after",
    "make_link",
    "offered_to",
    "pressed",
    "record_events",
    "redeem_link",
    "remember_offer",
    "resume",
    "save",
    "set_mode",
    "tell",
]
