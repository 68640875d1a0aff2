"""One raw Telegram update ▸ the neutral event. The library only parses; whatever it cannot read
is Unreadable and harms nobody else (T04)."""

import re
from dataclasses import dataclass
from typing import Any

from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, MessageEntity, Update
from telegram import Chat as TelegramChat
from telegram import User as TelegramUser

from bot.channels.adapter import Unreadable
from bot.channels.addressing import is_addressed, without_mention
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.merchants import ChannelAccount

TAP = "tap:"  # a button's callback_data: this and an opaque token
THREAD = "/"  # a forum topic is a chat of its own: `-100123/7`
# What we ask Telegram for; the last only comes where the bot is an administrator.
WANTED = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member")
_HERE = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER})
_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?:\s+|$)(.*)", re.DOTALL)
_START = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Me:
    """Our bot, as others mention it."""

    id: int
    username: str

    @classmethod
    def of(cls, account: ChannelAccount) -> "Me":
        return cls(int(account.external_id), str(account.settings.get("username", "")))


def read_update(raw: dict[str, Any], account: ChannelAccount) -> InboundEvent | None:
    """None: known, and nothing to answer."""
    try:
        update = Update.de_json(raw, None)
        return _event(update, Me.of(account))
    except Exception as error:  # the library raises whatever its constructors raise
        raise Unreadable(type(error).__name__) from error


def _event(update: Update, me: Me) -> InboundEvent | None:
    name = str(update.update_id)
    if update.callback_query:
        return _pressed(name, update.callback_query)
    if update.my_chat_member:
        return _we_moved(name, update.my_chat_member)
    if update.chat_member:
        return _they_moved(name, update.chat_member)
    if update.edited_message:
        return _edited(name, update.edited_message)
    return _said(name, update.message, me) if update.message else None


def _pressed(name: str, press: CallbackQuery) -> InboundEvent | None:
    """Without a message there is no chat to answer in: an inline message, a game."""
    if press.message is None or not press.data:
        return None
    return InboundEvent(
        event_id=name,
        kind=EventKind.ACTION,
        chat=_chat(press.message.chat, _thread(press.message)),
        sender=_sender(press.from_user),
        token=_clean(press.data.removeprefix(TAP)),
        message_id=str(press.message.message_id),
    )


def _we_moved(name: str, change: ChatMemberUpdated) -> InboundEvent | None:
    here = _is_here(change.new_chat_member)
    kind = EventKind.BOT_ADDED if here else EventKind.BOT_REMOVED
    return InboundEvent(name, kind, _chat(change.chat), _sender(change.from_user))


def _they_moved(name: str, change: ChatMemberUpdated) -> InboundEvent | None:
    kind = EventKind.JOINED if _is_here(change.new_chat_member) else EventKind.LEFT
    return InboundEvent(name, kind, _chat(change.chat), _sender(change.new_chat_member.user))


def _is_here(member: ChatMember) -> bool:
    restricted: bool = getattr(member, "is_member", False)
    return member.status in _HERE or restricted


def _edited(name: str, message: Message) -> InboundEvent | None:
    """What was changed afterwards is not said again: it was answered, perhaps bought."""
    if message.from_user is None or message.from_user.is_bot:
        return None
    chat, sender = _chat(message.chat, _thread(message)), _sender(message.from_user)
    return InboundEvent(name, EventKind.EDITED, chat, sender, addressed=False)


def _said(name: str, message: Message, me: Me) -> InboundEvent | None:
    service = _service(name, message, me)
    if service is not None:
        return service
    who = message.from_user
    if who is None or who.is_bot or message.chat.type == TelegramChat.CHANNEL:
        return None
    text = _clean(message.text or message.caption or "")
    if not text and not message.effective_attachment:
        return None  # a service message that concerns nobody here
    return _message(name, message, text, me)


def _message(name: str, message: Message, text: str, me: Me) -> InboundEvent | None:
    private = message.chat.type == TelegramChat.PRIVATE
    start, ours = None, private or _is_reply_to(message, me)
    command = _COMMAND.fullmatch(text) if text.startswith("/") else None
    if command:
        verb, whom, rest = command.groups()
        if whom and whom.lower() != me.username.lower():
            return None  # said to another bot
        start = rest if private and verb == "start" and _START.fullmatch(rest) else None
        text = f"/{verb} {rest}".strip() if start is None else ""
    elif not private:
        mentioned, text = _without_our_name(message, text, me)
        ours = ours or mentioned
    return InboundEvent(
        event_id=name,
        kind=EventKind.MESSAGE if text or start else EventKind.MEDIA,
        chat=_chat(message.chat, _thread(message)),
        sender=_sender(message.from_user),
        text=text if private else without_mention(text),
        start=start,
        message_id=str(message.message_id),
        addressed=ours or is_addressed(text),
    )


def _without_our_name(message: Message, text: str, me: Me) -> tuple[bool, str]:
    """Whether we are mentioned, by @name or from the member list, and the rest of what was said."""
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    ours = [words for entity, words in entities.items() if _names(entity, words, me)]
    for words in ours:
        text = text.replace(words, " ", 1)
    return bool(ours), text.strip()


def _names(entity: MessageEntity, words: str, me: Me) -> bool:
    if entity.type == MessageEntity.MENTION:
        return bool(me.username) and words.lower() == f"@{me.username}".lower()
    return entity.user is not None and entity.user.id == me.id


def _is_reply_to(message: Message, me: Me) -> bool:
    answered = message.reply_to_message
    return bool(answered and answered.from_user and answered.from_user.id == me.id)


def _service(name: str, message: Message, me: Me) -> InboundEvent | None:
    """What the group itself reports: who came, who left, that it has a new id."""
    if message.migrate_to_chat_id or message.migrate_from_chat_id:
        return _migrated(name, message)
    moved: TelegramUser | None = None
    if message.new_chat_members:
        kind, moved = EventKind.JOINED, message.new_chat_members[0]
    elif message.left_chat_member:
        kind, moved = EventKind.LEFT, message.left_chat_member
    if moved is None or (moved.is_bot and moved.id != me.id):
        return None
    if moved.id == me.id:
        kind = EventKind.BOT_ADDED if kind is EventKind.JOINED else EventKind.BOT_REMOVED
    return InboundEvent(name, kind, _chat(message.chat), _sender(moved))


def _migrated(name: str, message: Message) -> InboundEvent:
    """Told twice, once in the old group and once in the new one; either is enough."""
    here = message.chat.id
    before = message.migrate_from_chat_id or here
    after = message.migrate_to_chat_id or here
    chat = ChatRef(str(before), "group", _clean(message.chat.title or ""))
    return InboundEvent(
        name, EventKind.MIGRATED, chat, Sender(""), addressed=False, migrated_to=str(after)
    )


def _chat(chat: TelegramChat, thread: int | None = None) -> ChatRef:
    kind = "private" if chat.type == TelegramChat.PRIVATE else "group"
    place = f"{chat.id}{THREAD}{thread}" if thread else str(chat.id)
    return ChatRef(place, kind, _clean(chat.title or ""))


def _thread(message: Any) -> int | None:
    """Only a forum's topics are places of their own; other groups also number their replies."""
    is_topic = getattr(message, "is_topic_message", None)
    return getattr(message, "message_thread_id", None) if is_topic else None


def _sender(user: TelegramUser | None) -> Sender:
    if user is None:
        raise Unreadable("sender")
    return Sender(str(user.id), _clean(user.first_name), user.language_code)


def _clean(text: str) -> str:
    """Without what no database takes: zero bytes and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
