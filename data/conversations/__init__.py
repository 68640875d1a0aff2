"""Conversations: one per (chat, person); a snapshot for speed, events for replay and analytics."""

from data.conversations.models import (
    Conversation,
    ConversationEvent,
    DeepLink,
    Mode,
    OfferedOption,
)
from data.conversations.service import (
    Offer,
    StaleConversation,
    find,
    offered_to,
    pressed,
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
    "Offer",
    "OfferedOption",
    "StaleConversation",
    "find",
    "offered_to",
    "pressed",
    "record_events",
    "remember_offer",
    "resume",
    "save",
    "set_mode",
]
