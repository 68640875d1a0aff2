"""Customers: who they are in each messenger, which chats they share, what they agreed to."""

from data.people.consent import (
    Asked,
    ConsentPurpose,
    grant_consent,
    has_consent,
    opt_out,
    revoke_consent,
    stop_profile,
)
from data.people.contact import (
    Answer,
    ContactPolicy,
    Verdict,
    may_contact,
    private_chat_of,
    speak_first,
)
from data.people.models import (
    ChannelIdentity,
    Chat,
    ChatMember,
    Consent,
    Person,
    ProactiveCount,
)
from data.people.service import (
    find_person,
    introduce,
    meet,
    meet_chat,
    note_member,
    open_chat,
    relocate,
    rename,
    rename_chat,
)

__all__ = [
    "Answer",
    "Asked",
    "ChannelIdentity",
    "Chat",
    "ChatMember",
    "Consent",
    "ConsentPurpose",
    "ContactPolicy",
    "Person",
    "ProactiveCount",
    "Verdict",
    "find_person",
    "grant_consent",
    "has_consent",
    "introduce",
    "may_contact",
    "meet",
    "meet_chat",
    "note_member",
    "open_chat",
    "opt_out",
    "private_chat_of",
    "relocate",
    "rename",
    "rename_chat",
    "revoke_consent",
    "speak_first",
    "stop_profile",
]
