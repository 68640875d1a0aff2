"""WeCom at our webhook, and a desk that gives what a test has put there."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select

from bot.app import Tuanzi
from bot.channels.wechat_seal import Keys
from bot.channels.wechat_xml import write
from bot.delivery.wecom_accounts import Place, company_line, connect
from bot.delivery.wecom_inbox import WeComInbox
from bot.settings import Secret
from data.delivery.models import InboxRow
from data.merchants import ChannelAccount
from integrations.wecom import News
from tests.bot.delivery.wechat import SignedCall, signed

CORP = Keys("ww0123456789abcdef", Secret("tokenofcorp"), Secret("c1D2" * 10 + "xyz"))
THEIR_CORP = Keys("ww_of_another", Secret("tokenoftheirs"), Secret("z9Y8" * 10 + "abc"))
DESK, OTHER_DESK, ANN = "wkOurDesk", "wkAnotherDesk", "wm_ann"


def a_company(tuanzi: Tuanzi, merchant_id: str, keys: Keys = CORP, desk: str = DESK) -> None:
    with tuanzi.database.transaction() as session:
        secret, place, now = Secret("s" * 43), Place(desk), tuanzi.clock.now()
        connect(session, merchant_id=merchant_id, keys=keys, secret=secret, place=place, now=now)


def a_bell(word: str = "WORD", desk: str = DESK, **more: object) -> str:
    told = {"MsgType": "event", "Event": "kf_msg_or_event", "Token": word, "OpenKfId": desk}
    return write({"ToUserName": CORP.app_id, "CreateTime": 1_790_000_000, **told, **more})


def a_group_event(change: str, *, at: int = 1_790_000_000, **more: object) -> str:
    told = {"MsgType": "event", "Event": "change_external_chat", "ChatId": "wr_tea_lovers"}
    told |= {"FromUserName": "sys", "ChangeType": change}
    return write({"ToUserName": CORP.app_id, "CreateTime": at, **told, **more})


def said(content: str, *, number: str = "m1", who: str = ANN, **more: Any) -> dict[str, Any]:
    message = {"msgid": number, "open_kfid": DESK, "external_userid": who, "origin": 3}
    return message | {"msgtype": "text", "text": {"content": content}} | more


def happened(name: str, *, number: str = "e1", who: str = ANN, **more: Any) -> dict[str, Any]:
    event = {"event_type": name, "open_kfid": DESK, "external_userid": who, **more}
    return {"msgid": number, "origin": 4, "msgtype": "event", "event": event}


@dataclass(slots=True)
class Company:
    """WeCom calls, and a desk is read, page by page."""

    tuanzi: Tuanzi
    client: Any
    keys: Keys = CORP
    _nonces: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def path(self) -> str:
        return f"/webhooks/wecom/{self.keys.app_id}"

    @property
    def now(self) -> int:
        return int(self.tuanzi.clock.now().timestamp())

    def sign(self, xml: str, *, at: int | None = None, **more: Any) -> SignedCall:
        """As WeCom has it: no signature but the one over what is sealed."""
        given = {"nonce": f"n{next(self._nonces)}", "keys": self.keys, **more}
        call = signed(xml, at=self.now if at is None else at, **given)
        query = {name: call.query[name] for name in ("msg_signature", "timestamp", "nonce")}
        return SignedCall(query, call.body)

    def send(self, call: SignedCall) -> httpx.Response:
        answer: httpx.Response = self.client.post(self.path, params=call.query, content=call.body)
        return answer

    def bring(self, xml: str) -> httpx.Response:
        return self.send(self.sign(xml))

    def ask(self, query: dict[str, str]) -> httpx.Response:
        answer: httpx.Response = self.client.get(self.path, params=query)
        return answer

    # — what came of it —

    @property
    def account(self) -> ChannelAccount:
        with self.tuanzi.database.reading() as session:
            line = company_line(session, self.keys.app_id)
        assert line is not None
        return line.account

    @property
    def inbox(self) -> WeComInbox:
        return WeComInbox(self.tuanzi.database, self.tuanzi.clock, self.account)

    def bell(self) -> str | None:
        found = self.inbox.bell()
        return None if found is None else found.text

    def give(self, *page: Any, to: str = "c1", before: str | None = None) -> None:
        self.inbox.store(News(next_cursor=to, msg_list=list(page)), before)

    def rows(self) -> list[InboxRow]:
        with self.tuanzi.database.reading() as session:
            mine = InboxRow.account_id == self.account.id
            return list(session.scalars(select(InboxRow).where(mine).order_by(InboxRow.id)))

    def work(self) -> None:
        self.tuanzi.worker._drain()
