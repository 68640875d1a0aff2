"""Opens the shop's Telegram account: who are we there, where do updates come in, who sends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.channels.adapter import Rejected, Undeliverable
from bot.channels.pacing import Speeds
from bot.channels.telegram import SPEEDS, Telegram, Ways
from bot.channels.telegram_client import Client, TokenRefused
from bot.channels.telegram_inline import InlineAnswers
from bot.channels.telegram_invoices import Invoices
from bot.delivery.checkouts import sorry, why_not
from bot.delivery.doors import Office
from bot.delivery.polling import Polling
from bot.delivery.telegram_accounts import provider_of, unsealed
from bot.delivery.telegram_front import introduce_shop
from bot.delivery.telegram_inbox import CHANNEL, store_telegram_update
from bot.pictures import pictures_of
from bot.settings import Secret, Settings
from data.delivery.inbound import Sender
from data.kernel.encryption import cipher_of, place_of
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from dialogs.shared_cards import SharedCard, shared_cards

log = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class TelegramDoor:
    """One bot. A process that does not listen only presses buttons back that were pressed there."""

    office: Office
    token: Secret
    secret: Secret | None = None
    speeds: Speeds = SPEEDS

    async def run(self) -> None:
        """Until cancelled; ends by itself only when the token or the shop is not there."""
        client = Client(self.token.reveal(), self.office.settings.telegram_api)
        try:
            if not await _introduce(client):
                return
            account = await self._account(client)
            if account is None:
                log.error(
                    "telegram: no merchant"
                )  # none, or several and nobody said whose bot it is
                return
            await self._serve(client, account)
        finally:
            await client.shutdown()

    async def _serve(self, client: Client, account: ChannelAccount) -> None:
        channel = Telegram(
            client,
            pictures_of(self.office.settings),
            self.speeds,
            ways=Ways(client.username, client.id, self.office.settings.public_url),
            inline=InlineAnswers(partial(self._cards, account)),
            invoices=await asyncio.to_thread(self._invoices, account),
        )
        self.office.channels[account.id] = channel
        try:
            if not self.office.listens:
                await asyncio.Event().wait()
            async with asyncio.TaskGroup() as group:
                group.create_task(introduce_shop(client, self.office.database, account.id))
                await self._take_in(client, account, channel)
        finally:
            del self.office.channels[account.id]

    async def _take_in(self, client: Client, account: ChannelAccount, channel: Telegram) -> None:
        if not self.office.settings.telegram_polling:
            await self._await_calls(client, account)
        await _until_done(client.fetch_ourselves)
        store = partial(
            store_telegram_update, self.office.database, self.office.clock, account=account
        )
        await Polling(client, lambda raw: store(raw=raw), channel.acknowledge).run()

    def _cards(self, account: ChannelAccount, sender: Sender, query: str) -> list[SharedCard]:
        """In a transaction: a card that is shown opens a way into its team."""
        office = self.office
        with office.database.transaction() as session:
            return shared_cards(
                session,
                office.flows,
                account=account,
                sender=sender,
                query=query,
                now=office.clock.now(),
            )

    async def _await_calls(self, client: Client, account: ChannelAccount) -> None:
        """What we have to say still leaves when Telegram does not like our address."""
        try:
            await _until_done(partial(self._set_webhook, client, account))
        except Rejected as problem:
            log.error("telegram: %s", problem)
        await asyncio.Event().wait()

    async def _set_webhook(self, client: Client, account: ChannelAccount) -> None:
        secret = self.secret
        address = webhook_of(account, self.office.settings)
        await client.have_calls_sent(address, secret.reveal() if secret else None)

    async def _account(self, client: Client) -> ChannelAccount | None:
        if self.office.listens:
            return await asyncio.to_thread(self._register, client.id, client.username)
        # At the very first start the listening process is still opening it.
        while (account := await asyncio.to_thread(self._find, client.id)) is None:  # noqa: ASYNC110  # no event crosses
            await asyncio.sleep(_FIRST_PAUSE)
        return account

    def _invoices(self, account: ChannelAccount) -> Invoices:
        database, clock = self.office.database, self.office.clock
        with database.reading() as session:
            provider = provider_of(session, account)
        return Invoices(provider, partial(why_not, database, clock, account.id), sorry)

    def _find(self, bot_id: int) -> ChannelAccount | None:
        with self.office.database.reading() as session:
            return session.scalar(_account_of(bot_id))

    def _register(self, bot_id: int, username: str) -> ChannelAccount | None:
        with self.office.database.transaction() as session:
            account = session.scalar(_account_of(bot_id)) or self._open_account(session, bot_id)
            if account is not None:
                account.settings = {**account.settings, "username": username}
                self._seal_secret(session, account)
            return account

    def _open_account(self, session: Session, bot_id: int) -> ChannelAccount | None:
        """For the only shop there is; with several, somebody must have said whose bot it is."""
        merchants = session.scalars(select(Merchant).limit(2)).all()
        if len(merchants) != 1:
            return None
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchants[0].id,
            channel=CHANNEL,
            external_id=str(bot_id),
            settings={},
            created_at=self.office.clock.now(),
        )
        session.add(account)
        session.flush()
        return account

    def _seal_secret(self, session: Session, account: ChannelAccount) -> None:
        secret = self.secret
        if secret is not None:
            place = place_of(account.merchant_id, ChannelAccount.__tablename__, account.id)
            account.secret = cipher_of(session).encrypt(secret.reveal(), place=place)


def open_door(office: Office, account: ChannelAccount) -> TelegramDoor | None:
    """Not for the one that the environment names: that has its door."""
    given = office.settings.telegram_token
    if given is not None and given.reveal().partition(":")[0] == account.external_id:
        return None
    with office.database.reading() as session:
        found = unsealed(session, account)
    return TelegramDoor(office, found.token, found.secret) if found else None


def webhook_of(account: ChannelAccount, settings: Settings) -> str:
    """Where Telegram is to call us."""
    return f"{settings.public_url}/webhooks/telegram/{account.external_id}"


def _account_of(bot_id: int) -> Select[ChannelAccount]:
    return select(ChannelAccount).where(
        ChannelAccount.channel == CHANNEL, ChannelAccount.external_id == str(bot_id)
    )


async def _introduce(client: Client) -> bool:
    """Ask Telegram who we are. False: it does not know this token."""
    try:
        await _until_done(client.introduce)
    except TokenRefused:
        log.error("telegram: token refused")
        return False
    return True


async def _until_done(call: Callable[[], Awaitable[object]]) -> None:
    """Telegram may be away when we start: ask again, ever more patiently. A refusal is final."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await call()
            return
        except Rejected:
            raise
        except Undeliverable as problem:
            log.warning("telegram: %s", problem)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
