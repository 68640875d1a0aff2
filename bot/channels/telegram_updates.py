"""One raw Telegram update ▸ the neutral event. The library only parses; whatever it cannot read
is Unreadable and harms nobody else (T04)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telegram import (
    CallbackQuery,
    ChatMember,
    ChatMemberUpdated,
    ChosenInlineResult,
    Message,
    MessageEntity,
    SuccessfulPayment,
    Update,
)
from telegram import Chat as TelegramChat
from telegram import User as TelegramUser

from bot.channels.adapter import Unreadable
from bot.channels.addressing import is_addressed, without_mention
from bot.channels.telegram_people import sender_of
from bot.channels.telegram_reactions import reacted
from data.delivery.inbound import Charge, ChatRef, EventKind, InboundEvent, Sender
from data.kernel.money import Money
from data.kernel.storable import storable
from data.merchants import ChannelAccount

TAP = "tap:"  # a button's callback_data: this and an opaque token
INVITE = "inv:"  # the same below a card that was shared into a chat we are not in
INLINE = "inline:"  # such a card is a chat of its own: all that is said there is the card
THREAD = "/"  # a forum topic is a chat of its own: `-100123/7`
# What we ask Telegram for; `chat_member` and `message_reaction` only come where the bot is an
# administrator.
WANTED = (
    "message",
    "edited_message",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "my_chat_member",
    "chat_member",
    "message_reaction",
    "pre_checkout_query",
)
_HERE = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER})
_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?:\s+|$)(.*)", re.DOTALL)
_LONGEST_CHAT = 128  # of Chat.external_id
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
    for kind, read in _READERS.items():
        told = getattr(update, kind)
        if told:
            return read(name, told)
    return _said(name, update.message, me) if update.message else None


def _pressed(name: str, press: CallbackQuery) -> InboundEvent | None:
    """Of a shared card Telegram tells neither chat nor message, only the card. Of a game, nothing
    that we could answer."""
    if press.inline_message_id is None and press.message is None:
        return None
    invited = (press.data or "").startswith(INVITE)
    return InboundEvent(
        event_id=name,
        kind=EventKind.ACTION,
        chat=_place_of(press),
        sender=sender_of(press.from_user),
        token=None if invited else storable((press.data or "").removeprefix(TAP)),
        start=storable((press.data or "").removeprefix(INVITE)) if invited else None,
        message_id=str(press.message.message_id) if press.message else None,
        press=storable(press.id),
    )


def _place_of(press: CallbackQuery) -> ChatRef:
    if press.message is None:
        return _card_of(press.inline_message_id or "")
    return _chat(press.message.chat, _thread(press.message))


def _card_of(inline_message_id: str) -> ChatRef:
    """Whoever is in that chat sees it: it is as public as a group."""
    return ChatRef(f"{INLINE}{storable(inline_message_id)}"[:_LONGEST_CHAT], "group")


def _shared(name: str, chosen: ChosenInlineResult) -> InboundEvent | None:
    """Without buttons a card has no name and is never changed."""
    if not chosen.inline_message_id:
        return None
    return InboundEvent(
        event_id=name,
        kind=EventKind.SHARED,
        chat=_card_of(chosen.inline_message_id),
        sender=sender_of(chosen.from_user),
        addressed=False,
        shared=storable(chosen.result_id),
    )


def _we_moved(name: str, change: ChatMemberUpdated) -> InboundEvent | None:
    here = _is_here(change.new_chat_member)
    kind = EventKind.BOT_ADDED if here else EventKind.BOT_REMOVED
    return InboundEvent(name, kind, _chat(change.chat), sender_of(change.from_user))


def _they_moved(name: str, change: ChatMemberUpdated) -> InboundEvent | None:
    kind = EventKind.JOINED if _is_here(change.new_chat_member) else EventKind.LEFT
    return InboundEvent(name, kind, _chat(change.chat), sender_of(change.new_chat_member.user))


def _is_here(member: ChatMember) -> bool:
    restricted: bool = getattr(member, "is_member", False)
    return member.status in _HERE or restricted


def _edited(name: str, message: Message) -> InboundEvent | None:
    """What was changed afterwards is not said again: it was answered, perhaps bought."""
    if message.from_user is None or message.from_user.is_bot:
        return None
    chat, sender = _chat(message.chat, _thread(message)), sender_of(message.from_user)
    return InboundEvent(name, EventKind.EDITED, chat, sender, addressed=False)


_READERS: dict[str, Callable[[str, Any], InboundEvent | None]] = {
    "callback_query": _pressed,
    "chosen_inline_result": _shared,
    "my_chat_member": _we_moved,
    "chat_member": _they_moved,
    "message_reaction": reacted,
    "edited_message": _edited,
}


def _said(name: str, message: Message, me: Me) -> InboundEvent | None:
    service = _service(name, message, me)
    if service is not None:
        return service
    who = message.from_user
    if who is None or who.is_bot or message.chat.type == TelegramChat.CHANNEL:
        return None
    if message.successful_payment:
        return _paid(name, message, message.successful_payment)
    text = storable(message.text or message.caption or _own_card(message))
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
        start = rest if verb == "start" and _START.fullmatch(rest) else None
        text = f"/{verb} {rest}".strip() if start is None else ""
    elif not private:
        mentioned, text = _without_our_name(message, text, me)
        ours = ours or mentioned
    return InboundEvent(
        event_id=name,
        kind=_kind(message, said=bool(text or start)),
        chat=_chat(message.chat, _thread(message)),
        sender=sender_of(message.from_user),
        text=text if private else without_mention(text),
        start=start,
        message_id=str(message.message_id),
        addressed=ours or start is not None or is_addressed(text),
    )


def _paid(name: str, message: Message, payment: SuccessfulPayment) -> InboundEvent:
    return InboundEvent(
        event_id=name,
        kind=EventKind.PAID,
        chat=_chat(message.chat, _thread(message)),
        sender=sender_of(message.from_user),
        paid=Charge(
            order_id=storable(payment.invoice_payload),
            amount=Money(payment.total_amount, payment.currency),
            name=storable(payment.telegram_payment_charge_id),
            provider_ref=storable(payment.provider_payment_charge_id),
            raw=payment.to_json(),
        ),
    )


def _own_card(message: Message) -> str:
    """Whoever shares their own contact tells name and telephone, as if they had typed them;
    somebody else's is nobody's answer."""
    card, who = message.contact, message.from_user
    if card is None or who is None or card.user_id != who.id:
        return ""
    name = " ".join(filter(None, (card.first_name, card.last_name)))
    return f"{name}, +{card.phone_number.lstrip('+')}"


def _kind(message: Message, *, said: bool) -> EventKind:
    if said:
        return EventKind.MESSAGE
    return EventKind.LOCATION if message.location else EventKind.MEDIA


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
    return InboundEvent(name, kind, _chat(message.chat), sender_of(moved))


def _migrated(name: str, message: Message) -> InboundEvent:
    """Told twice, once in the old group and once in the new one; either is enough."""
    here = message.chat.id
    before = message.migrate_from_chat_id or here
    after = message.migrate_to_chat_id or here
    chat = ChatRef(str(before), "group", storable(message.chat.title or ""))
    return InboundEvent(
        name, EventKind.MIGRATED, chat, Sender(""), addressed=False, migrated_to=str(after)
    )


def _chat(chat: TelegramChat, thread: int | None = None) -> ChatRef:
    kind = "private" if chat.type == TelegramChat.PRIVATE else "group"
    place = f"{chat.id}{THREAD}{thread}" if thread else str(chat.id)
    return ChatRef(place, kind, storable(chat.title or ""))


def _thread(message: Any) -> int | None:
    """Only a forum's topics are places of their own; other groups also number their replies."""
    is_topic = getattr(message, "is_topic_message", None)
    return getattr(message, "message_thread_id", None) if is_topic else None
