"""A whole shop on a real line to WeChat's stand-in, and what people see on their phones."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channels.wechat_rules import RULES
from bot.channels.wechat_seal import Keys
from bot.delivery.wechat_accounts import connect, webhook_of
from bot.settings import Secret
from data.delivery.messages import OutboundMessage, Purpose, Text
from data.delivery.models import OutboxRow
from data.delivery.outbox import Letter, Origin, post
from data.kernel.clock import SystemClock
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from data.people import Chat
from tests.peers.telegram_world import free_port, seed_shop, serving, shop_settings, wait
from tests.peers.wechat_platform import (
    AES_KEY,
    APP_ID,
    SECRET,
    TOKEN,
    Remote,
    running_platform,
)

KEYS = Keys(APP_ID, Secret(TOKEN), Secret(AES_KEY))


@dataclass(frozen=True, slots=True)
class Phone:
    """Somebody who has never written to the shop before."""

    tuanzi: Tuanzi
    platform: Remote
    openid: str

    def says(self, text: str) -> str:
        """All that this brings onto the screen."""
        before = len(self.seen())
        told = self.platform.says(openid=self.openid, text=text)
        assert told["tries"] <= 3
        wait(lambda: self.seen()[before:] or None, self.seen)
        return "\n".join(self.seen()[before:])

    def seen(self) -> list[str]:
        return [_words(one) for one in self.platform.seen(self.openid)]

    def kinds(self) -> list[str]:
        return [one["by"] for one in self.platform.seen(self.openid)]

    def sees(self, words: str) -> str:
        def found() -> str | None:
            return next((text for text in reversed(self.seen()) if re.search(words, text)), None)

        return wait(found, self.seen)

    def pays(self) -> None:
        links = re.findall(r"/pay/[\w-]+", "\n".join(self.seen()))
        assert links, self.seen()
        url = f"{self.tuanzi.settings.public_url}{links[-1]}/sandbox"
        assert httpx.post(url, data={"outcome": "approved"}, trust_env=False).status_code == 303

    def told(self, text: str) -> OutboxRow:
        """By the shop, unasked; the row as it ended."""
        key = new_id("msg")
        with self.tuanzi.database.transaction() as session:
            account = session.scalars(_accounts()).one()
            chat = session.scalars(select(Chat).where(Chat.external_id == self.openid)).one()
            message = OutboundMessage((Text(text),), purpose=Purpose.TRANSACTIONAL)
            now = self.tuanzi.clock.now()
            post(session, [Letter(chat.id, message)], account=account, origin=Origin(key), now=now)
        return wait(lambda: self._ended(f"{key}:0"), lambda: text)

    def _ended(self, key: str) -> OutboxRow | None:
        with self.tuanzi.database.reading() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()
        return row if row.state in ("sent", "failed", "skipped") else None


def _words(one: dict[str, Any]) -> str:
    """Of a journal entry, whatever its kind."""
    return " ".join(_leaves({name: one[name] for name in one if name not in ("by", "at")}))


def _leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [str(value)]


def _accounts() -> Any:
    return select(ChannelAccount).where(ChannelAccount.channel == "wechat")


@contextmanager
def official_street(folder: Path) -> Iterator[tuple[Tuanzi, Remote]]:
    file = folder / "shop.db"
    seed_shop(file)
    with running_platform(speed=2.0) as platform:
        settings = replace(
            shop_settings(file, port=free_port(), peer="http://127.0.0.1:1"),
            telegram_token=None,
            telegram_secret=None,
            wechat_api=platform.url,
            wechat_site=platform.url,
            egress_allowed=(ip_network("127.0.0.0/8"),),
        )
        tuanzi = build(settings, clock=SystemClock())
        _connect(tuanzi)
        address = webhook_of(APP_ID, settings)
        platform.connect(url=address, token=TOKEN, aes_key=AES_KEY, app_id=APP_ID)
        with serving(tuanzi):
            yield tuanzi, platform


def _connect(tuanzi: Tuanzi) -> None:
    with tuanzi.database.transaction() as session:
        merchant = session.scalars(select(Merchant)).one()
        account = connect(
            session,
            merchant_id=merchant.id,
            keys=KEYS,
            secret=Secret(SECRET),
            plain=False,
            now=tuanzi.clock.now(),
        )
        account.settings = {**account.settings, RULES: {"reply_seconds": 2.5}}
