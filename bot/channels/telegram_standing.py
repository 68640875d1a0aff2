"""How a bot stands at Telegram, as Telegram tells it: who it is, where its updates go, what it may
see. Nothing is changed by asking."""

from dataclasses import dataclass

from telegram import BotCommandScopeAllPrivateChats

from bot.channels.telegram_client import Client, asked


@dataclass(frozen=True, slots=True)
class Standing:
    """`webhook` is empty where we ask for updates; `problem` is the last that Telegram had when it
    called there, `kinds` what it calls for."""

    username: str
    joins_groups: bool
    reads_groups: bool
    inline: bool
    webhook: str
    waiting: int
    problem: str
    kinds: frozenset[str]
    commands: int


async def standing_of(client: Client) -> Standing:
    """After `introduce`; Undeliverable where Telegram is away."""
    info = await asked(client.get_webhook_info())
    scope = BotCommandScopeAllPrivateChats()
    commands = await asked(client.get_my_commands(scope, language_code=""))
    me = client.bot
    return Standing(
        username=client.username,
        joins_groups=bool(me.can_join_groups),
        reads_groups=bool(me.can_read_all_group_messages),
        inline=bool(me.supports_inline_queries),
        webhook=info.url,
        waiting=info.pending_update_count,
        problem=info.last_error_message or "",
        kinds=frozenset(info.allowed_updates or ()),
        commands=len(commands),
    )
