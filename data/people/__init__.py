"""Customers: who they are in each messenger, which chats they share, what they agreed to."""

from data.people.models import ChannelIdentity, Chat, ChatMember, Consent, Person
from data.people.service import meet, meet_chat, note_member

__all__ = [
    "ChannelIdentity",
    "Chat",
    "ChatMember",
    "Consent",
    "Person",
    "meet",
    "meet_chat",
    "note_member",
]
