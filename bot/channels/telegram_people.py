"""People as Telegram tells of them."""

from telegram import User as TelegramUser

from bot.channels.adapter import Unreadable
from data.delivery.inbound import Sender
from data.kernel.storable import storable


def sender_of(user: TelegramUser | None) -> Sender:
    """Unreadable where nobody is named."""
    if user is None:
        raise Unreadable("sender")
    language: object = user.language_code  # the library takes anything
    locale = language if isinstance(language, str) else None
    return Sender(str(user.id), storable(user.first_name), locale)
