"""Conversations: one per (chat, person); a snapshot for speed, events for replay and analytics."""

from data.conversations.models import (
    Conversation,
    ConversationEvent,
    DeepLink,
    Mode,
    OfferedOption,
)
from data.conversations.service import (
    StaleConversation,
    find,
    offered_to,
    record_events,
    remember_offer,
    resume,
    save,
    set_mode,
)

__all__ = [
    "Conversation",
    "ConversationEvent",
    "DeepLink",
    "Mode",
    "OfferedOption",
    "StaleConversation",
    "find",
    "offered_to",
    "record_events",
    "remember_offer",
    "resume",
    "save",
    "set_mode",
]
