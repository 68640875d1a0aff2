"""The house of money_house.py with a shop that is paid through WeChat Pay's SIMULATED platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.orders import Order
from data.payments import Way, begin_attempt, create_link
from data.payments.gateway import Details, Scene
from data.people import ChannelIdentity
from integrations.payments.wechat_pay import NAME
from tests.peers.money.money_house import MoneyHouse, Shop, behind, no_flows
from tests.peers.money.wechat_pay_face import APPID, Face
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import LOOPBACK, credentials

__all__ = ["Shop", "WechatHouse", "a_house"]


@dataclass
class WechatHouse(MoneyHouse):
    provider = NAME
    currency = "CNY"

    face: Face

    def opens_a_shop(self, *, on_hand: int = 2, **changed: str) -> Shop:
        """Connected with the account of the platform's merchant, unless something is `changed`."""
        return self.opens(credentials(**changed), on_hand=on_hand, flows=no_flows)

    def begins(self, shop: Shop, order: str) -> str:
        """Somebody chooses WeChat Pay at a desk; the platform was not called yet."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            until = session.get_one(Order, order).expires_at
            details = Details(about="R7", scene=Scene.DESKTOP, expires_at=until)
            way = Way(NAME, shop.account, details)
            return begin_attempt(session, order_id=order, way=way, now=now).id

    def link(self, order: str) -> str:
        """The one in the chat: a path of our own site."""
        with self.tuanzi.database.transaction() as session:
            return f"/pay/{create_link(session, order_id=order, now=self.tuanzi.clock.now())}"

    def knows_in_wechat(self, shop: Shop, openid: str) -> None:
        """The buyer writes to the shop's official account; its payments are bound to that."""
        with self.tuanzi.database.transaction() as session:
            account = ChannelAccount(
                id=new_id("acc"),
                merchant_id=shop.merchant,
                channel="wechat",
                external_id=APPID,
                created_at=self.tuanzi.clock.now(),
            )
            session.add(account)
            session.flush()
            session.add(
                ChannelIdentity(
                    merchant_id=shop.merchant,
                    person_id=shop.person,
                    account_id=account.id,
                    external_id=openid,
                )
            )


@contextmanager
def a_house(folder: Path, site: FastAPI) -> Iterator[WechatHouse]:
    with behind(folder, site, running_face, NAME, LOOPBACK) as (tuanzi, face, client):
        yield WechatHouse(tuanzi, client, face)
