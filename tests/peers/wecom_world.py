"""A whole shop on a real line to WeCom's stand-in, and customers who write to its desk."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channels.wechat_seal import Keys
from bot.delivery.wecom_accounts import CHANNEL, Place, connect, webhook_of
from bot.settings import Secret
from data.delivery.messages import OutboundMessage, Purpose, Text
from data.delivery.models import InboxRow, OutboxRow
from data.delivery.outbox import Letter, Origin, post
from data.delivery.token_models import Pass, PassKind
from data.kernel.clock import SystemClock
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from data.people import Chat
from tests import calling
from tests.peers.telegram_world import free_port, open_work, seed_shop, serving, shop_settings, wait
from tests.peers.wechat_platform import Remote
from tests.peers.wecom_platform import AES_KEY, CORP_ID, DESK, SECRET, TOKEN, running_wecom

KEYS = Keys(CORP_ID, Secret(TOKEN), Secret(AES_KEY))
LINK = "https://work.weixin.qq.com/kf/kfc0ffee?enc_scene=ENC5"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody at the desk, and what stands on their screen."""

    tuanzi: Tuanzi
    platform: Remote
    id: str

    def says(self, text: str) -> None:
        self.platform.says(who=self.id, text=text)

    def presses(self, label: str) -> None:
        self.platform.presses(who=self.id, label=label)

    def messages(self) -> list[dict[str, Any]]:
        return self.platform.seen(self.id)

    def seen(self) -> list[str]:
        return [words_of(one) for one in self.messages()]

    def sees(self, words: str) -> str:
        def found() -> str | None:
            return next((text for text in reversed(self.seen()) if re.search(words, text)), None)

        return wait(found, self.seen)

    def pays(self) -> None:
        links = re.findall(r"/pay/[\w-]+", "\n".join(self.seen()))
        assert links, self.seen()
        url = f"{self.tuanzi.settings.public_url}{links[-1]}/sandbox"
        assert calling.post(url, data={"outcome": "approved"}).status_code == 303

    def told(self, text: str) -> OutboxRow:
        """By the shop, unasked; the row as it ended."""
        key = new_id("msg")
        with self.tuanzi.database.transaction() as session:
            account = account_in(self.tuanzi)
            chat = session.scalars(select(Chat).where(Chat.external_id == self.id)).one()
            message = OutboundMessage((Text(text),), purpose=Purpose.TRANSACTIONAL)
            now = self.tuanzi.clock.now()
            post(session, [Letter(chat.id, message)], account=account, origin=Origin(key), now=now)
        return wait(lambda: self._ended(f"{key}:0"), lambda: text)

    def _ended(self, key: str) -> OutboxRow | None:
        with self.tuanzi.database.reading() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()
        return row if row.state in ("sent", "failed", "skipped") else None


def words_of(shown: dict[str, Any]) -> str:
    """Of a journal entry: a text, or a menu with its entries."""
    menu = shown.get("msgmenu", {})
    lines = [shown.get("text", {}).get("content", ""), menu.get("head_content", "")]
    for entry in menu.get("list", ()):
        lines += [f"[{entry[entry['type']]['content']}]", entry[entry["type"]].get("url", "")]
    return "\n".join(filter(None, lines))


def account_in(tuanzi: Tuanzi) -> ChannelAccount:
    with tuanzi.database.reading() as session:
        ours = select(ChannelAccount).where(ChannelAccount.channel == CHANNEL)
        return session.scalars(ours).one()


def inbox_of(tuanzi: Tuanzi) -> list[InboxRow]:
    account = account_in(tuanzi)
    with tuanzi.database.reading() as session:
        mine = InboxRow.account_id == account.id
        return list(session.scalars(select(InboxRow).where(mine).order_by(InboxRow.id)))


def settle(tuanzi: Tuanzi) -> None:
    """Until every bell was followed and nothing is left to be done."""
    wait(lambda: None if _unheard(tuanzi) else True, lambda: "a bell")
    wait(lambda: None if open_work(tuanzi) else True, lambda: open_work(tuanzi))


def _unheard(tuanzi: Tuanzi) -> bool:
    with tuanzi.database.reading() as session:
        rung = select(Pass.id).where(Pass.kind == PassKind.NEWS).limit(1)
        return session.scalar(rung) is not None


def shop_at(file: Path, platform: Remote, *, staff: bool = False) -> Tuanzi:
    """Connected, and not serving yet."""
    settings = replace(
        shop_settings(file, port=free_port(), peer="http://127.0.0.1:1"),
        telegram_token=None,
        telegram_secret=None,
        wecom_api=platform.url,
        egress_allowed=(ip_network("127.0.0.0/8"),),
    )
    tuanzi = build(settings, clock=SystemClock())
    with tuanzi.database.transaction() as session:
        merchant = session.scalars(select(Merchant)).one()
        now, place = tuanzi.clock.now(), Place(DESK, LINK, staff)
        secret = Secret(SECRET)
        connect(session, merchant_id=merchant.id, keys=KEYS, secret=secret, place=place, now=now)
    platform.connect(url=webhook_of(CORP_ID, settings))
    return tuanzi


@contextmanager
def desk_street(folder: Path, **rules: Any) -> Iterator[tuple[Tuanzi, Remote]]:
    seed_shop(folder / "shop.db")
    with running_wecom(**rules) as platform:
        tuanzi = shop_at(folder / "shop.db", platform)
        with serving(tuanzi):
            yield tuanzi, platform
