"""What a bot shows of itself at Telegram before anybody writes: commands and two descriptions.

Telegram takes two-letter languages only and so has one `zh` for both scripts: it gets the shop's
own if that is Chinese. Whoever has none of these languages sees the shop's.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from telegram import BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.constants import BotCommandLimit, BotDescriptionLimit

from bot.channels.telegram_client import Client, asked
from data.kernel.locales import Locale

# In the order of the menu; each has a text `telegram.command_…`.
IN_PRIVATE = ("gift", "search", "team", "days", "orders", "help", "human", "stop")
IN_GROUPS = ("team", "gift", "help")
_EVERYBODY_ELSE = ""


@dataclass(frozen=True, slots=True)
class Front:
    """A bot in one language; `commands` by name."""

    commands: Mapping[str, str]
    description: str
    short_description: str


Fronts = Mapping[str, Front]  # by Telegram's language code


def languages(shop: Locale) -> dict[str, Locale]:
    """Telegram's language code ▸ ours, in a shop of this language."""
    chinese = shop if shop is not Locale.EN else Locale.ZH_HANS
    return {_EVERYBODY_ELSE: shop, "en": Locale.EN, "zh": chinese}


def fingerprint_of(fronts: Fronts) -> str:
    """Tells whether anything changed since it was shown."""
    told = {code: asdict(front) for code, front in fronts.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


async def show_fronts(client: Client, fronts: Fronts) -> None:
    """Undeliverable: some of it may be shown already, and all of it is shown again next time."""
    for code, front in fronts.items():
        await asked(
            client.set_my_commands(
                _of(front, IN_PRIVATE), BotCommandScopeAllPrivateChats(), language_code=code
            )
        )
        await asked(
            client.set_my_commands(
                _of(front, IN_GROUPS), BotCommandScopeAllGroupChats(), language_code=code
            )
        )
        long, short = front.description, front.short_description
        await asked(
            client.set_my_description(
                long[: BotDescriptionLimit.MAX_DESCRIPTION_LENGTH], language_code=code
            )
        )
        await asked(
            client.set_my_short_description(
                short[: BotDescriptionLimit.MAX_SHORT_DESCRIPTION_LENGTH], language_code=code
            )
        )


def _of(front: Front, names: tuple[str, ...]) -> list[tuple[str, str]]:
    most = int(BotCommandLimit.MAX_DESCRIPTION)
    return [(name, front.commands[name][:most]) for name in names]
