"""The library's client as we use it: our time-outs, raw updates, errors in our own words."""

import logging
import os
from collections.abc import Awaitable
from typing import Any, TypeVar

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.adapter import Migrated, Rejected, Throttled, Undeliverable, Unreachable
from bot.channels.telegram_updates import WANTED
from integrations.egress import tls_context

# They write every address they call, and the token stands in each (T47).
for _talker in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_talker).setLevel(logging.WARNING)
# The library's own switch: times as timedelta, as it will always be from its next major version.
os.environ.setdefault("PTB_TIMEDELTA", "1")

_WAIT_SECONDS = 25  # Telegram holds an empty answer back as long as this
# What Telegram says of a chat that is closed to us, where it does not answer 403.
_CLOSED = ("chat not found", "not enough rights", "no rights to", "user is deactivated")
_Answer = TypeVar("_Answer")


class TokenRefused(Exception):
    """Telegram does not know this token; asking again is of no use."""


class Client(Bot):
    """A bot account; it speaks to nobody before `introduce`."""

    def __init__(self, token: str, api: str) -> None:
        trust = {"verify": tls_context()}
        # One part of a message is sent or lost within 25 seconds: the courier's patience.
        sending = HTTPXRequest(
            connection_pool_size=32,
            connect_timeout=5,
            read_timeout=8,
            write_timeout=8,
            media_write_timeout=10,
            pool_timeout=5,
            httpx_kwargs=trust,
        )
        asking = HTTPXRequest(connection_pool_size=1, httpx_kwargs=trust)
        super().__init__(token, base_url=api, request=sending, get_updates_request=asking)

    async def introduce(self) -> None:
        """Ask who we are there."""
        try:
            await asked(self.initialize())
        except Undeliverable as problem:
            if isinstance(problem.__context__, InvalidToken):
                raise TokenRefused from None
            raise

    async def have_calls_sent(self, to: str, secret: str | None) -> None:
        """From now on Telegram calls us; Rejected where it does not like the address."""
        await asked(self.set_webhook(to, allowed_updates=list(WANTED), secret_token=secret))

    async def fetch_ourselves(self) -> None:
        """From now on we ask."""
        await asked(self.delete_webhook())

    async def raw_updates(self, offset: int | None) -> list[dict[str, Any]]:
        """What is new, as JSON: parsed together, one poisoned update would hide all (T04)."""
        wanted: dict[str, Any] = {"timeout": _WAIT_SECONDS, "allowed_updates": list(WANTED)}
        if offset is not None:
            wanted["offset"] = offset
        answer = await asked(self._post("getUpdates", wanted, read_timeout=_WAIT_SECONDS + 10))
        return answer if isinstance(answer, list) else []


async def asked(answer: Awaitable[_Answer]) -> _Answer:
    """An answer of Telegram, or what went wrong in our own words."""
    try:
        return await answer
    except TelegramError as error:
        raise in_our_words(error) from None  # the library's own chain may quote the token (T47)


def in_our_words(error: Exception) -> Undeliverable:
    """What went wrong, without anything that could hold the token."""
    match error:
        case Undeliverable():
            return error
        case RetryAfter():
            return Throttled(_seconds(error))
        case ChatMigrated():
            return Migrated(str(error.new_chat_id))
        case Forbidden():
            return Unreachable(error.message)
        case BadRequest():
            closed = any(words in error.message.lower() for words in _CLOSED)
            return Unreachable(error.message) if closed else Rejected(error.message)
    return Undeliverable(type(error).__name__)


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
