"""An account's token and its pages' ticket, one for all processes (data/delivery/channel_tokens).

One process renews, some minutes before the end; the others use the old one while it is good, and
wait if it is not. Somebody who was told that a token is dead asks for another only if nobody has.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from data.delivery import channel_tokens
from data.delivery.channel_tokens import Kept
from data.delivery.outbox import Account
from data.delivery.token_models import TokenKind
from data.kernel.clock import Clock
from data.kernel.database import Database
from integrations.http import Unreachable

# The vendor renews stable tokens in their last five minutes, when old and new are both good.
EARLY = timedelta(minutes=5)
_LOOK_SECONDS = 0.1
# As long as the winner's lease, and a look more: then we are next.
_PATIENCE_SECONDS = channel_tokens.LEASE.total_seconds() + 1


class Fresh(NamedTuple):
    """As the messenger gave it."""

    token: str
    seconds: int


Ask = Callable[[], Awaitable[Fresh]]


@dataclass(frozen=True, slots=True)
class SharedTokens:
    """Of one account. `early` is how long before its end a token is renewed."""

    database: Database
    clock: Clock
    account: Account
    early: timedelta = EARLY

    async def token(self, kind: TokenKind, ask: Ask) -> Kept:
        """One that is good now."""
        kept = await asyncio.to_thread(self._kept, kind)
        if kept.is_good(self.clock.now(), spare=self.early):
            return kept
        return await self._renewed(kind, ask, kept)

    async def instead_of(self, dead: Kept, kind: TokenKind, ask: Ask) -> Kept:
        """Another than this one, which the messenger does not take any more."""
        kept = await asyncio.to_thread(self._kept, kind)
        if kept.version != dead.version:
            return kept
        return await self._renewed(kind, ask, Kept(dead.version))

    async def _renewed(self, kind: TokenKind, ask: Ask, old: Kept) -> Kept:
        """By us, or by whoever is at it already; an old one that is still good need not wait."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while True:
                    until = await asyncio.to_thread(self._win, kind, old.version)
                    if until is not None:
                        return await self._ask(kind, ask, old, until)
                    if old.is_good(self.clock.now()):
                        return old
                    kept = await asyncio.to_thread(self._kept, kind)
                    if kept.version != old.version:
                        return kept
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise Unreachable("token") from None

    async def _ask(self, kind: TokenKind, ask: Ask, old: Kept, until: datetime) -> Kept:
        try:
            fresh = await ask()
        except BaseException:
            # Also when the caller gave up waiting: the lease is not to be sat out by everybody.
            await asyncio.to_thread(self._give_up, kind, old.version, until)
            raise
        keep = partial(self._keep, kind, old.version, until)
        return await asyncio.to_thread(keep, fresh)

    def _kept(self, kind: TokenKind) -> Kept:
        with self.database.reading() as session:
            return channel_tokens.kept(session, account=self.account, kind=kind)

    def _win(self, kind: TokenKind, version: int) -> datetime | None:
        with self.database.transaction() as session:
            now = self.clock.now()
            return channel_tokens.win(
                session, account=self.account, kind=kind, version=version, now=now
            )

    def _keep(self, kind: TokenKind, version: int, until: datetime, fresh: Fresh) -> Kept:
        """What everybody uses from now on: ours, or that of another who renewed it meanwhile."""
        renewed = fresh.token, self.clock.now() + timedelta(seconds=fresh.seconds)
        with self.database.transaction() as session:
            channel_tokens.keep(
                session,
                account=self.account,
                kind=kind,
                version=version,
                until=until,
                renewed=renewed,
            )
            return channel_tokens.kept(session, account=self.account, kind=kind)

    def _give_up(self, kind: TokenKind, version: int, until: datetime) -> None:
        with self.database.transaction() as session:
            channel_tokens.give_up(
                session, account=self.account, kind=kind, version=version, until=until
            )
